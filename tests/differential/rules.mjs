import { differences } from './differences.mjs';
import { faults, mistakenEquality } from './faults.mjs';

/**
 * Where the two clients are meant to differ. Each rule says why, and `apply` takes just that out of a step: it edits `pair.ours` and
 * `pair.theirs`, or ends the comparison where the other client has come to harm or the two have parted ways. It answers whether it
 * has applied. `memory` is the rule's own, for one conversation. A rule is `temporary` if it stands for a fault of this package that is to be
 * mended.
 */
export const rules = { ...faults, ...differences, RF3: mistakenEquality };
