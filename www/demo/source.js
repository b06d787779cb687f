const TOKEN =
  /(?<comment>\/\/.*|\/\*[^]*?\*\/)|(?<string>'[^']*'|`[^`]*`)|(?<word>\b(?:import|from|export|const|new|async|await|function|return)\b)/g;

/** Shows the source of a file the page runs, in the colours of its words. */
export async function showSource(element) {
  const response = await fetch(element.dataset.source);
  if (!response.ok) throw new Error(`${element.dataset.source}: ${response.status}`);
  const text = (await response.text()).trimEnd();
  const code = document.createElement('code');
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [kind] = Object.entries(match.groups).find(([, token]) => token !== undefined);
    const span = document.createElement('span');
    span.className = kind;
    span.textContent = match[0];
    code.append(text.slice(end, match.index), span);
    end = match.index + match[0].length;
  }
  code.append(text.slice(end));
  element.replaceChildren(code);
}
