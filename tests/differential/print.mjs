/** Writes a conversation that fails as a short script, and how it does. */
export function print({ seed, resources, steps }, { kind, step, details }) {
  console.log(`\nseed ${seed}: ${kind}, at ${written(step)}`);
  for (const [rid, resource] of Object.entries(resources)) {
    if (!resource.missing) console.log(`  ${rid} = ${JSON.stringify(resource.model ?? resource.collection)}`);
  }
  for (const each of steps) console.log(`    ${written(each)}`);
  if (details.ours === undefined && details.theirs === undefined) {
    console.log(typeof details === 'string' ? details : JSON.stringify(details));
  } else {
    console.log(`  ours   ${JSON.stringify(details.ours)}`);
    console.log(`  theirs ${JSON.stringify(details.theirs)}`);
  }
}

function written({ kind, number, rid, ...rest }) {
  const more = Object.keys(rest).length > 0 ? JSON.stringify(rest) : '';
  return [`${number}:`, kind, rid, more].filter((part) => part !== undefined && part !== '').join(' ');
}
