import { buildPackage, buildSimulation } from './lib/build.mjs';
import { main } from './lib/process.mjs';
import { site } from './lib/places.mjs';
import { makeSite } from './lib/site.mjs';

// Makes the site as static files, for the root of any host; its live examples need a gateway there, `res-gateway --demo --www DIR`.
await main(async () => {
  await buildPackage();
  await buildSimulation();
  await makeSite();
  console.log(`The site is in ${site}`);
});
