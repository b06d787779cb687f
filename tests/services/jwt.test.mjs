import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SignJWT } from 'jose';
import { javascript } from './support/languages.mjs';
import { stage } from './support/stage.mjs';
import { first, until } from './support/until.mjs';

const on = stage('--headauth', 'auth.jwt', '--wsheadauth', 'auth.jwt');

const SECRET = 'kept by those who sign and those who verify';
const command = javascript('jwt-authentication');
const start = (env) => on.service(command, { env: { JWT_SECRET: SECRET, ...env } });

suite('a token in a cookie', () => {
  test('a login over HTTP sets a cookie that scripts cannot read', async () => {
    await start();
    const { status, headers } = await on.http('auth/login', { body: { name: 'reader', password: 'reader' } });
    assert.equal(status, 204);
    assert.match(
      headers.get('set-cookie'),
      /^access-token=[\w-]+\.[\w-]+\.[\w-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Strict$/,
    );
  });

  test('a wrong password sets none, and a login over WebSocket neither', async () => {
    await start();
    const { status, headers, body } = await on.http('auth/login', { body: { name: 'reader', password: 'guess' } });
    assert.deepEqual([status, headers.get('set-cookie'), body.code], [400, null, 'auth.wrong']);
    const login = on.client().call('auth', 'login', { name: 'reader', password: 'reader' });
    await assert.rejects(login, { code: 'auth.httpOnly' });
  });

  test('HTTP requests with the cookie may do what its role may, and no more', async () => {
    await start();
    assert.equal((await on.http('members/note')).status, 401);
    const [reader, editor] = [await logIn('reader'), await logIn('editor')];
    assert.equal((await on.http('members/note', { headers: reader })).status, 200);
    const set = (headers) => on.http('members/note/set', { body: { message: 'Changed' }, headers });
    assert.equal((await set(reader)).status, 401);
    assert.equal((await set(editor)).status, 204);
    assert.deepEqual((await on.http('members/note', { headers: reader })).body, { message: 'Changed' });
  });

  test('a WebSocket that is opened with the cookie is logged in from its first request on', async () => {
    await start();
    await assert.rejects(on.client().get('members.note'), { code: 'system.accessDenied' });
    const [reader, editor] = [
      on.client({ headers: await logIn('reader') }),
      on.client({ headers: await logIn('editor') }),
    ];
    const note = await reader.get('members.note');
    note.on();
    await assert.rejects(note.set({ message: 'By the reader' }), { code: 'system.accessDenied' });
    await editor.call('members.note', 'set', { message: 'By the editor' });
    await until(() => note.message === 'By the editor');
    await assert.rejects(editor.call('members.note', 'set', { message: 7 }), { code: 'system.invalidParams' });
  });

  test('a forged token, and one without a signature, is none', async () => {
    await start();
    const claims = { sub: 'x', role: 'editor', jti: 'x', exp: Math.floor(Date.now() / 1000) + 60 };
    const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from('another secret'));
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const token of [forged, `${part({ alg: 'none' })}.${part(claims)}.`, 'no token at all']) {
      const headers = cookie(token);
      assert.equal((await on.http('members/note', { headers })).status, 401);
      await assert.rejects(on.client({ headers }).get('members.note'), { code: 'system.accessDenied' });
    }
  });

  test('logging out over HTTP takes the note from every connection with the token, and from no other', async () => {
    await start();
    const [mine, others] = [await logIn('reader'), await logIn('reader')];
    const clients = [mine, mine, others].map((headers) => on.client({ headers }));
    const notes = await Promise.all(clients.map((client) => client.get('members.note')));
    const lost = notes.slice(0, 2).map((note) => first(note, 'unsubscribe'));
    const { status, headers } = await on.http('auth/logout', { body: null, headers: mine });
    assert.deepEqual([status, /^access-token=; .*Max-Age=0/.test(headers.get('set-cookie'))], [204, true]);
    await Promise.all(lost);
    // The cookie is worthless, whoever has kept it.
    assert.equal((await on.http('members/note', { headers: mine })).status, 401);
    const editor = on.client({ headers: await logIn('editor') });
    await editor.call('members.note', 'set', { message: 'Still read by the other' });
    await until(() => notes[2].message === 'Still read by the other');
    assert.notEqual(notes[0].message, notes[2].message);
  });

  test('a token that expires ends what was seen by it; where it was renewed in time, all goes on', async () => {
    const service = await start({ TOKEN_SECONDS: '6' });
    const old = await logIn('reader');
    // Renewed it holds longer, by a service that was started anew with the same secret.
    await service.kill();
    await service.start({ TOKEN_SECONDS: '600' });
    const note = await on.client({ headers: old }).get('members.note');
    const expired = first(note, 'unsubscribe');
    const renewed = cookie(tokenIn(await on.http('auth/renew', { body: null, headers: old })));
    const kept = await on.client({ headers: renewed }).get('members.note');
    let lost = false;
    kept.on('unsubscribe', () => (lost = true));

    assert.equal((await expired).reason.code, 'system.accessDenied');
    assert.equal((await on.http('members/note', { headers: old })).status, 401);
    assert.equal((await on.http('members/note', { headers: renewed })).status, 200);
    const editor = on.client({ headers: await logIn('editor') });
    await editor.call('members.note', 'set', { message: 'For those who are still here' });
    await until(() => kept.message === 'For those who are still here');
    assert.equal(lost, false);
  });

  test('a service that is started anew still knows when a token expires', async () => {
    const service = await start({ TOKEN_SECONDS: '5' });
    const client = on.client({ headers: await logIn('reader') });
    const note = await client.get('members.note');
    const expired = first(note, 'unsubscribe');
    await service.kill();
    await service.start();
    assert.equal((await expired).reason.code, 'system.accessDenied');
  });

  test('renewing takes a token that holds', async () => {
    await start();
    assert.equal((await on.http('auth/renew', { body: null })).status, 401);
  });
});

/** Logs in over HTTP; gives the headers of requests that are logged in. */
async function logIn(name) {
  return cookie(tokenIn(await on.http('auth/login', { body: { name, password: name } })));
}

/** As a browser sends it: with a cookie, a request has to say which page it is from. */
function cookie(token) {
  return { Cookie: `access-token=${token}`, Origin: on.gateway.origin };
}

function tokenIn({ headers }) {
  return /^access-token=([^;]+)/.exec(headers.get('set-cookie'))[1];
}
