import { delimiter, join } from 'node:path';
import { cargoTarget, root, tools } from '../../../scripts/lib/places.mjs';

const examples = join(root, 'www/examples');

/** The command line of a JavaScript example. */
export const javascript = (name, ...args) => [process.execPath, join(examples, name, 'service.mjs'), ...args];

/** That of a Python example; the environment of tests has its packages. */
export const python = (name, ...args) => ['python3', join(examples, name, 'service.py'), ...args];

/** Where Python finds the packages that `npm run test:services` installs, and before them what is in `folders`. */
export const pythonPath = (...folders) => ({ PYTHONPATH: [...folders, join(tools, 'python')].join(delimiter) });

/** That of one of the services of `crates/gateway/examples/services`. */
export const rust = (name) => [join(cargoTarget, 'debug/examples/services'), name];

/** The same in a process that is gateway and service in one. */
export const rustAlone = (name) => Object.assign(rust(name), { withoutNats: true });
