import { writeFileSync } from 'node:fs';
import { Complaint, messageOf } from './Complaint.js';
import { HELP, readCommand } from './command.js';
import { readFile } from './file.js';
import { readGateway } from './gateway.js';
import { writeSchema } from './schema.js';

/** What the command ends with when something could not be read or written, and when it was called wrongly. */
const FAILED = 1;
const MISUSED = 2;

// Who reads no further, as `head` does, has had what was wanted.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Complaint)) throw error;
  say(error.message);
  process.exitCode = error.isMisuse ? MISUSED : FAILED;
}

/** Carries the command out and gives its exit code. What is wrong with one resource does not keep the others from being written. */
async function run(args: string[]): Promise<number> {
  const command = readCommand(args);
  if (command === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  const { source, rids, out, isUrl } = command;
  const { resources, missing, notes } = isUrl ? await readGateway(source, rids) : readFile(source, rids);
  for (const note of [...missing, ...notes]) say(note);
  if (resources.size === 0) throw new Complaint('There is no resource to write types of');
  const schema = writeSchema(resources);
  if (out === undefined) process.stdout.write(schema);
  else {
    try {
      writeFileSync(out, schema);
    } catch (error) {
      throw new Complaint(`Cannot write ${out}: ${messageOf(error)}`);
    }
    say(`${out} has the types of ${resources.size} resources`);
  }
  return missing.length > 0 ? FAILED : 0;
}

/** To the standard error, in one line: a part of it may be the gateway's. */
function say(text: string): void {
  process.stderr.write(`${text.replace(/\p{Cc}+/gu, ' ')}\n`);
}
