import { chromium } from 'playwright-core';

/** As root it does not run in its sandbox; and it is kept from calling home. */
export const switches = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The system's Chromium. One that dies in its first moments, as it does now and then on a busy machine, is started once more. */
export async function launch({ args = [], ...options } = {}) {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const start = () => chromium.launch({ executablePath, args: [...switches, ...args], ...options });
  try {
    return await start();
  } catch (error) {
    if (!/browser has been closed/.test(error.message)) throw error;
    console.warn(error.message.split('\n')[0]);
    return start();
  }
}
