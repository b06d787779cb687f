import ResClient, { type ConnectError, isResError, ResCollection, ResError, ResModel, ResRef } from 'resclient-wasm';
import { Complaint } from './Complaint.js';
import type { Reading } from './resources.js';
import { webSocketClass } from './webSocket.js';

/** Gets resources from a gateway, and what they refer to. */
export async function readGateway(url: string, rids: string[]): Promise<Reading> {
  const WebSocket = await webSocketClass();
  const limits = { requestTimeout: PATIENCE, handshakeTimeout: PATIENCE };
  const client = new ResClient(() => new WebSocket(url.replace(/^http/i, 'ws')), limits);
  try {
    await client.connect().catch((error: ConnectError) => {
      throw new Complaint(`Cannot connect to ${url}: ${reasonOf(error)}`);
    });
    return await read(client, rids);
  } finally {
    client.disconnect();
  }
}

async function read(client: ResClient, rids: string[]): Promise<Reading> {
  const reading: Reading = { resources: new Map(), missing: [], notes: [] };
  for (const rid of rids) {
    try {
      follow(rid, await client.get(rid), reading);
    } catch (error) {
      if (!isResError(error)) throw error;
      reading.missing.push(`${rid}: ${error.code}, ${error.message}`);
    }
  }
  return reading;
}

/** Puts down a resource and those it refers to, which came with it. */
function follow(named: string, resource: object, { resources, notes }: Reading): void {
  const queue: { rid: string; resource: object; from: string }[] = [{ rid: named, resource, from: '' }];
  for (const { rid, resource, from } of queue) {
    if (resources.has(rid)) continue;
    if (isResError(resource)) {
      notes.push(`${rid}, to which ${from} refers: ${resource.code}, ${resource.message}`);
      continue;
    }
    const values = resource instanceof ResModel ? resource.props : (resource as ResCollection).toArray();
    const entries = Object.entries(values).map(([key, value]) => [key, asSent(value)] as const);
    resources.set(rid, Array.isArray(values) ? entries.map(([, value]) => value) : Object.fromEntries(entries));
    for (const value of Object.values(values)) {
      if (isResource(value)) queue.push({ rid: value.getResourceId(), resource: value, from: rid });
    }
  }
}

/** A value as the protocol writes it. */
function asSent(value: unknown): unknown {
  if (value instanceof ResRef) return { rid: value.rid, soft: true };
  if (isResource(value)) return { rid: value.getResourceId() };
  return typeof value === 'object' && value !== null ? { data: value } : value;
}

const isResource = (value: unknown): value is ResModel | ResCollection | ResError =>
  value instanceof ResModel || value instanceof ResCollection || value instanceof ResError;

/** What the socket said of it, if it did. */
function reasonOf(error: ConnectError): string {
  const { message } = (error.data ?? {}) as { message?: unknown };
  return typeof message === 'string' && message !== '' ? message : error.message;
}

/** Milliseconds for the connection, and for each resource. */
const PATIENCE = 10_000;
