import { AssertionError } from 'node:assert/strict';
import { seedWith } from './chance.mjs';
import { ours, theirs } from './clients.mjs';
import { compare } from './compare.mjs';
import { Side } from './side.mjs';
import { assertReads, assertTrue } from './truth.mjs';

/** Has both clients take part in a conversation. Answers null, or what is wrong: its kind, the step, and details. */
export async function check(conversation, counts = null) {
  seedWith(conversation.seed);
  let failure = null;
  const mine = await new Side(conversation, ours).play((side, step, record) => {
    failure ??= fault(side, step, record);
  });
  if (failure) return failure;
  const other = await new Side(conversation, theirs).play();
  const difference = compare(mine.steps, mine.records, other.records, counts);
  if (!difference) return null;
  const { step, aspect, ...details } = difference;
  return { kind: aspect, step, details };
}

/** What is wrong with this package's client, whatever another one does; null if nothing is. */
function fault(side, step, record) {
  const found = (kind, details) => ({ kind, step, details });
  if (record.faults.length > 0) return found('fault', record.faults);
  if (side.gateway.complaints.length > 0) return found('complaint', side.gateway.complaints);
  if (step.number === 'left' && side.application.pending.length > 0)
    return found('unsettled', side.application.pending);
  if (!side.isIdle) return null;
  try {
    assertTrue(side, { atRest: step.number === 'rest', left: step.number === 'left' });
    if (record.values) assertReads(side, record.values);
    return null;
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error;
    return found('untrue', error.message);
  }
}
