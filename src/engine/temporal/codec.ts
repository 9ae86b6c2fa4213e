import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Payload, PayloadCodec } from '@temporalio/common';

/** Smaller payloads stay readable in Temporal's own pages. */
const LEAST_BYTES = 8 * 1024;
const ENCODING = 'binary/slipway-gzip';
const [compress, decompress] = [promisify(gzip), promisify(gunzip)];

/** Plans and states of runs repeat themselves a lot: compressed they are a tenth, and far from the 2 MB that a message may have. */
export const gzipCodec: PayloadCodec = {
  encode: (payloads) => Promise.all(payloads.map(encode)),
  decode: (payloads) => Promise.all(payloads.map(decode)),
};

async function encode(payload: Payload): Promise<Payload> {
  const { data, metadata } = payload;
  if (!data || data.length < LEAST_BYTES) return payload;
  return { metadata: { ...metadata, encoding: Buffer.from(ENCODING), 'slipway-inner': metadata?.['encoding'] ?? Buffer.alloc(0) }, data: await compress(data) };
}

async function decode(payload: Payload): Promise<Payload> {
  const { data, metadata } = payload;
  const isOurs = metadata?.['encoding'] !== undefined && Buffer.from(metadata['encoding']).toString() === ENCODING;
  if (!isOurs || !data) return payload;
  const { 'slipway-inner': encoding, ...rest } = metadata;
  return { metadata: { ...rest, encoding: encoding ?? Buffer.alloc(0) }, data: await decompress(data) };
}
