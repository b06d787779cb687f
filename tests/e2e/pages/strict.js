// The policy comes with the page, as a header. The package is imported as the address says: with the engine in it, or in a file of its own.
const ResClient = await (location.search === '?slim' ? slim() : inlined());
const text = await new ResClient('/').get('text.shared');
const show = () => (document.querySelector('#text').textContent = text.message);
text.on('change', show);
show();

async function inlined() {
  return (await import('/pkg/index.js')).default;
}

async function slim() {
  const { default: ResClient, init } = await import('/pkg/slim.js');
  await init('/pkg/client.wasm');
  return ResClient;
}
