import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/lib/places.mjs';

const read = (name) => readFileSync(join(root, name), 'utf8');
const dockerfile = read('Dockerfile');
/** What is copied from the repository, not from another image. */
const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) => sources.split(' '));

test('the image is built with the toolchain of the repository', () => {
  const [, channel] = /channel = "(.+)"/.exec(read('rust-toolchain.toml'));
  assert.match(dockerfile, new RegExp(`^FROM rust:${channel.replaceAll('.', '\\.')}-`, 'm'));
});

test('what the image copies is there and not ignored, and nothing else is sent to the builder', () => {
  assert.ok(copied.length > 4);
  assert.deepEqual(
    copied.filter((name) => !existsSync(join(root, name))),
    [],
  );
  const sent = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, name]) => name);
  assert.deepEqual(sent.sort(), copied.sort());
});

test('every member of the workspace is copied with its manifest', () => {
  const [, list] = /members = \[(.+)\]/.exec(read('Cargo.toml'));
  const members = [...list.matchAll(/"(.+?)"/g)].map(([, member]) => member);
  assert.ok(members.length > 3);
  assert.deepEqual(
    members.filter((member) => !copied.includes(member.split('/')[0])),
    [],
  );
});
