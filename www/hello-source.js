import { showSource } from '/demo/source.js';

await showSource(document.querySelector('[data-source]'));
