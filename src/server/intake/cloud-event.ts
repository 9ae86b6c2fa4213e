import { z } from 'zod';
import type { BusinessEvent } from '../../app/index.ts';
import { EXIT, isObject, type Json, type Problem, SlipwayError } from '../../core/index.ts';
import { hasType, parseJson } from '../http/body.ts';
import type { Ctx } from '../http/env.ts';

const Word = z.string().min(1).max(1_000);
/** CloudEvents 1.0: the attributes we read; extensions are let through. */
export const CloudEvent = z.looseObject({
  specversion: z.literal('1.0'),
  id: Word,
  source: Word,
  type: z.string().regex(/^[A-Za-z0-9._/-]{1,200}$/, { error: 'not a type of events' }),
  subject: Word.optional(),
  time: z.iso.datetime({ offset: true }).optional(),
  datacontenttype: z.string().max(200).optional(),
  dataschema: z.string().max(1_000).optional(),
  data: z.json().optional(),
  data_base64: z.string().optional(),
});

/** How a request carries an event, if it does. */
export function eventMode(c: Ctx): 'structured' | 'binary' | undefined {
  if (hasType(c, 'application/cloudevents+json')) return 'structured';
  return c.req.header('ce-specversion') === undefined ? undefined : 'binary';
}

/**
 * The event in a request.
 *
 * @throws {SlipwayError} `BAD_EVENT` with `problems`, `BAD_JSON`, `EVENT_DATA` for data that is no JSON.
 */
export function readEvent(c: Ctx, body: Uint8Array, mode: 'structured' | 'binary'): BusinessEvent {
  const written: Json = mode === 'structured' ? parseJson(body) : { ...attributesOf(c), ...(body.byteLength > 0 ? { data: dataOf(c, body) } : {}) };
  const parsed = CloudEvent.safeParse(written);
  if (!parsed.success) throw badEvent(parsed.error.issues);
  const { id, source, type, subject, time, data, data_base64: base64 } = parsed.data;
  if (base64 !== undefined)
    throw new SlipwayError('EVENT_DATA', 'the data of the event is not JSON', { exitCode: EXIT.usage, hint: 'send data, not data_base64' });
  return { id, source, type, data: data ?? null, ...(subject === undefined ? {} : { subject }), ...(time === undefined ? {} : { time }) };
}

/** `ce-` headers; their values are percent-encoded where they are not plain. */
function attributesOf(c: Ctx): { readonly [name: string]: string } {
  const named = Object.entries(c.req.header()).filter(([name]) => name.startsWith('ce-'));
  return Object.fromEntries(named.map(([name, value]) => [name.slice('ce-'.length), decoded(value)]));
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // a lone percent sign is one
  }
}

function dataOf(c: Ctx, body: Uint8Array): Json {
  const type = (c.req.header('content-type') ?? 'application/json').split(';')[0] ?? '';
  if (/^(application\/json|application\/[\w.+-]+\+json)$/i.test(type.trim())) return parseJson(body);
  throw new SlipwayError('EVENT_DATA', 'the data of the event is not JSON', { exitCode: EXIT.usage, hint: 'send application/json' });
}

function badEvent(issues: readonly z.core.$ZodIssue[]): SlipwayError {
  const problems = issues.map((issue): Problem => ({
    code: 'BAD_VALUE',
    severity: 'error',
    file: '(event)',
    line: 1,
    column: 1,
    path: issue.path.map(String).join('.'),
    message: issue.message.charAt(0).toLowerCase() + issue.message.slice(1),
  }));
  return new SlipwayError('BAD_EVENT', 'the body is no CloudEvent 1.0', { exitCode: EXIT.usage, hint: 'it needs specversion, id, source and type', problems });
}

/** Does a pattern with `*` fit the type of an event? */
export function fitsType(pattern: string, type: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`).test(type);
}

/** A JSON object, or nothing in it. */
export function objectOrEmpty(value: Json): { readonly [name: string]: Json } {
  return isObject(value) ? value : {};
}
