// The process that stands in for a page: loads the page's code, and does what it is told.
import { pathToFileURL } from 'node:url';

await import(pathToFileURL(process.argv[2]));
const { bench } = globalThis;

bench.heapBytes = async () => {
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve));
  }
  return process.memoryUsage().heapUsed;
};

process.on('message', async ({ method, args }) => {
  try {
    process.send({ result: await bench[method](...args) });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
