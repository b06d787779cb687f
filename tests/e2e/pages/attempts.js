// Tries what injected code would try, and tells what came of each.
const outcome = {};

async function attempt(what, run) {
  delete globalThis.broken;
  try {
    await run();
    outcome[what] = globalThis.broken ? 'done' : 'nothing';
  } catch (error) {
    outcome[what] = error.name;
  }
}

function append(name, content) {
  const element = document.createElement(name);
  element.append(content);
  document.body.append(element);
}

await attempt('a script in the markup', () => (globalThis.broken = globalThis.inlined));
await attempt('markup from text', () => (document.body.innerHTML = '<b>done</b>'));
await attempt('a trusted type of its own', () => globalThis.trustedTypes.createPolicy('default', {}));
await attempt('a function from text', () => new Function('globalThis.broken = true')());
await attempt('a script in the page', () => append('script', 'globalThis.broken = true'));
await attempt('a style in the page', () => {
  append('style', 'body { color: red }');
  globalThis.broken = getComputedStyle(document.body).color === 'rgb(255, 0, 0)';
});
await attempt('a base for addresses', () => {
  const base = document.createElement('base');
  base.href = 'http://elsewhere.test/';
  document.head.append(base);
  globalThis.broken = document.baseURI === base.href;
});
await attempt('a request elsewhere', () => fetch('http://elsewhere.test/'));
globalThis.outcome = outcome;
