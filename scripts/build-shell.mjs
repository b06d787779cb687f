import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { filesBelow } from './lib/fresh.mjs';
import { printable } from './lib/printable.mjs';
import { privateNames } from './lib/private-names.mjs';
import { bindgenOut, npmBin, pkg, root } from './lib/places.mjs';

const CLIENTS = ['index', 'slim', 'workerd'];
/** What the adapters are for, and leave to the application. */
const FRAMEWORKS = ['react', 'solid-js', 'vue'];
const ADAPTERS = ['react', 'solid', 'svelte', 'vue'];
/** Classes that applications extend. */
const EXTENDED = ['BaseClient', 'EventBus', 'ResCollection', 'ResError', 'ResModel', 'ResRef', 'TypeList'];
const TEMPLATE = join(root, 'pkg-template');
const GLUE = join(bindgenOut, 'resclient_wasm_bg.js');
const MODULE = join(bindgenOut, 'resclient_wasm_bg.wasm');

if (import.meta.url === pathToFileURL(process.argv[1]).href) await buildShell();

/** Makes `pkg/` from the shell's sources and what wasm-bindgen and wasm-opt have made. */
async function buildShell() {
  for (const path of [GLUE, MODULE]) {
    if (!existsSync(path)) throw new Error(`${path} is missing: run npm run build`);
  }
  rmSync(pkg, { recursive: true, force: true });
  mkdirSync(pkg, { recursive: true });
  await bundleEntries();
  edgeEntry();
  await bundleCommand();
  declareTypes();
  copyFileSync(MODULE, join(pkg, 'client.wasm'));
  for (const name of ['package.json', 'README.md']) copyFileSync(join(TEMPLATE, name), join(pkg, name));
  copyFileSync(join(root, 'LICENSE'), join(pkg, 'LICENSE'));
}

/**
 * The entries and what they share, as modules a browser can load as they are. The adapters are apart from the client, of
 * which they share nothing, and leave out their frameworks.
 */
async function bundleEntries() {
  const sources = filesBelow(join(TEMPLATE, 'src')).filter((path) => path.endsWith('.ts'));
  const mangleProps = new RegExp(`^(${privateNames([...sources, GLUE], EXTENDED).join('|')})$`);
  await bundle(CLIENTS, { plugins: [generated()], mangleProps });
  await bundle(ADAPTERS, { external: FRAMEWORKS });
}

async function bundle(entries, options) {
  await build({
    entryPoints: entries.map((entry) => join(TEMPLATE, 'src', `${entry}.ts`)),
    outdir: pkg,
    bundle: true,
    splitting: true,
    chunkNames: 'shared-[hash]',
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    ...options,
  });
}

/** At Vercel's edge the module has another name than in Cloudflare Workers; all else is the same. */
function edgeEntry() {
  const text = readFileSync(join(pkg, 'workerd.js'), 'utf8');
  const module = '"./client.wasm"';
  if (!text.includes(module)) throw new Error('workerd.js does not import the module: see edgeEntry');
  writeFileSync(join(pkg, 'edge.js'), text.replace(module, '"./client.wasm?module"'));
}

/** The command `resclient-wasm`, which uses the package it is in. */
async function bundleCommand() {
  await build({
    entryPoints: { 'resclient-wasm': join(TEMPLATE, 'cli/main.ts') },
    outdir: join(pkg, 'bin'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    // The configuration for tsc says where the sources of the package are; here it is the package that counts.
    tsconfigRaw: {},
    banner: { js: '#!/usr/bin/env node' },
  });
}

/** Resolves what the sources import by a name with a hash: the glue of wasm-bindgen, and the module itself as text. */
export function generated(glue = GLUE, module = MODULE) {
  return {
    name: 'generated',
    setup({ onResolve, onLoad }) {
      // Left to the runtimes that compile it.
      onResolve({ filter: /^\.\/client\.wasm/ }, ({ path }) => ({ path, external: true }));
      onResolve({ filter: /^#glue$/ }, () => ({ path: basename(glue), namespace: 'glue', sideEffects: false }));
      onLoad({ filter: /.*/, namespace: 'glue' }, () => ({ contents: gluePerInstance(readFileSync(glue, 'utf8')) }));
      // The path ends up in a comment of the bundle: the name alone, not a folder of the machine it was made on.
      onResolve({ filter: /^#module$/ }, () => ({ path: basename(module), namespace: 'inline', sideEffects: false }));
      onLoad({ filter: /.*/, namespace: 'inline' }, () => {
        const bytes = readFileSync(module);
        const contents = `export default ${JSON.stringify(printable(bytes))};\nexport const size = ${bytes.length};\n`;
        return { contents, loader: 'js' };
      });
    },
  };
}

/**
 * The glue keeps the instance it belongs to, and what it is to free there, in variables of its module. So that an instance that has
 * failed can be followed by another, each gets glue of its own.
 */
function gluePerInstance(text) {
  const names = Array.from(text.matchAll(/^export (?:class|function) (\w+)/gm), ([, name]) => name);
  return `export default () => {\n${text.replace(/^export /gm, '')}\nreturn { ${names.join(', ')} };\n};\n`;
}

function declareTypes() {
  const project = join(TEMPLATE, 'tsconfig.json');
  const flags = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--outDir', join(pkg, 'types')];
  const args = [npmBin('@typescript/native/bin/tsc'), '-p', project, ...flags];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) throw new Error('tsc found errors in the shell');
  const types = join(pkg, 'types');
  const reached = reach([...CLIENTS, ...ADAPTERS].map((entry) => join(types, `${entry}.d.ts`)));
  for (const file of readdirSync(types)) if (!reached.has(join(types, file))) rmSync(join(types, file));
}

/** These declarations and those they import: what an application sees. The others are about the inside. */
function reach(files, reached = new Set()) {
  for (const file of files) {
    if (reached.has(file)) continue;
    reached.add(file);
    const imported = readFileSync(file, 'utf8').matchAll(/\bfrom '(\.[^']*)\.js'/g);
    reach(
      Array.from(imported, ([, path]) => join(dirname(file), `${path}.d.ts`)),
      reached,
    );
  }
  return reached;
}
