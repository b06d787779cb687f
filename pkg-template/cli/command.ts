import { parseArgs } from 'node:util';
import { Complaint, messageOf } from './Complaint.js';

export const HELP = `Usage: resclient-wasm types <url or resources.json> [resource ID…] [-o file]

Writes a schema in TypeScript to start from: the types of resources as they are now, and of those they refer to.

  resclient-wasm types ws://localhost:8080 library.books -o api.ts
  resclient-wasm types resources.json -o api.ts

From a gateway it gets the resources named, from a file all of them when none is named.

Options:
  -o, --out <file>  Where to write it; otherwise to the standard output
  -h, --help        Shows this

Exit codes: 0, 1 when a resource, the gateway or a file could not be read or written, 2 for wrong arguments.
`;

/** What the command line asks for. */
export interface Command {
  /** URL of a gateway or path of a file. */
  source: string;
  isUrl: boolean;
  rids: string[];
  out: string | undefined;
}

/** Throws a {@link Complaint} about arguments that make no sense. */
export function readCommand(args: string[]): Command | 'help' {
  const { values, positionals } = parsed(args);
  if (values.help) return 'help';
  const [name, source, ...rids] = positionals;
  if (name !== 'types') throw misuse(name === undefined ? 'What is to be done?' : `There is no command ${name}`);
  if (source === undefined) throw misuse('Where are the resources? Give the URL of a gateway or a file');
  const isUrl = /^(ws|http)s?:\/\//i.test(source);
  if (isUrl && !URL.canParse(source)) throw misuse(`${source} is no URL`);
  if (isUrl && rids.length === 0) throw misuse('Which resources? Give at least one resource ID behind the URL');
  return { source, isUrl, rids, out: values.out };
}

function parsed(args: string[]) {
  const options = { out: { type: 'string', short: 'o' }, help: { type: 'boolean', short: 'h' } } as const;
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw misuse(messageOf(error));
  }
}

const misuse = (what: string): Complaint => new Complaint(`${what}; see resclient-wasm --help`, true);
