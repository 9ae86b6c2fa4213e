import { EXIT, type Json, SlipwayError } from '../../core/index.ts';
import type { Ctx } from './env.ts';

/** No request is larger; this is looked at before anything is parsed. */
export const MOST_BODY_BYTES = 1024 * 1024;
const MOST_DEPTH = 100;

/**
 * Bytes of a request, never more than allowed.
 *
 * @throws {SlipwayError} `BODY_TOO_LARGE`, `BODY_ABORTED`.
 */
export async function readBody(c: Ctx, mostBytes = MOST_BODY_BYTES): Promise<Uint8Array> {
  const announced = Number(c.req.header('content-length') ?? 0);
  if (announced > mostBytes) throw tooLarge(mostBytes);
  const stream = c.req.raw.body;
  if (!stream) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of stream) {
      size += part.byteLength;
      if (size > mostBytes) break;
      parts.push(part);
    }
  } catch (cause) {
    throw new SlipwayError('BODY_ABORTED', 'the body ended early', { exitCode: EXIT.usage, cause });
  }
  if (size > mostBytes) throw tooLarge(mostBytes);
  return Buffer.concat(parts);
}

/**
 * Bytes as JSON.
 *
 * @throws {SlipwayError} `BAD_JSON`.
 */
export function parseJson(bytes: Uint8Array): Json {
  try {
    const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json; // what JSON.parse gives is JSON
    if (depthOf(value) <= MOST_DEPTH) return value;
  } catch (cause) {
    throw new SlipwayError('BAD_JSON', 'the body is not JSON in UTF-8', { exitCode: EXIT.usage, hint: 'send one JSON value', cause });
  }
  throw new SlipwayError('BAD_JSON', `the body is nested more than ${MOST_DEPTH} levels deep`, { exitCode: EXIT.usage, hint: 'send flatter JSON' });
}

/** Is the content type this one, whatever its parameters? */
export function hasType(c: Ctx, ...types: readonly string[]): boolean {
  const [type = ''] = (c.req.header('content-type') ?? '').split(';');
  return types.includes(type.trim().toLowerCase());
}

/** @throws {SlipwayError} `MEDIA_TYPE`. */
export function requireType(c: Ctx, ...types: readonly string[]): void {
  if (hasType(c, ...types)) return;
  throw new SlipwayError('MEDIA_TYPE', 'the body has a type that is not taken here', { exitCode: EXIT.usage, hint: `send ${types.join(' or ')}` });
}

function depthOf(value: Json): number {
  let depth = 0;
  for (let level: readonly Json[] = [value]; level.length > 0 && depth <= MOST_DEPTH; depth++) {
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? (Object.values(each) as Json[]) : [])); // members of JSON are JSON
  }
  return depth;
}

function tooLarge(mostBytes: number): SlipwayError {
  return new SlipwayError('BODY_TOO_LARGE', `the body has more than ${mostBytes} bytes`, { exitCode: EXIT.usage, hint: 'send less' });
}
