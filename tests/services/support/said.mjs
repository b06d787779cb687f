const outputs = new WeakMap();

/** Resolves with the first match in what a process writes, or has written; rejects when it ends without. */
export function said(child, pattern) {
  if (!outputs.has(child)) outputs.set(child, collect(child));
  const output = outputs.get(child);
  return new Promise((resolve, reject) => {
    const look = () => {
      const match = pattern.exec(output.text);
      if (match) resolve(match);
      return match;
    };
    if (look()) return;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', look);
    child.ended.then(({ error, code, signal }) => {
      reject(error ?? new Error(`it ended (${signal ?? code}) before it said ${pattern}:\n${output.text}`));
    });
  });
}

function collect(child) {
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output.text += data));
  return output;
}
