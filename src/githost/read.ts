import { z } from 'zod';
import { isRepo, LOGIN, SHA } from './names.ts';
import { headerOf, type Headers, malformed } from './signature/index.ts';

/** Nothing a host sends us is larger; the server refuses it before it comes here. */
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * The JSON object of a request, in the shape that is needed. Keys that nobody needs are ignored, whatever they hold.
 *
 * @throws {SlipwayError} `DELIVERY_MALFORMED`.
 */
export function readPayload<T>(schema: z.ZodType<T>, { headers, body }: { readonly headers: Headers; readonly body: Uint8Array }): T {
  const type = headerOf(headers, 'content-type') ?? 'application/json';
  if (!/^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(type)) {
    throw malformed(
      `the body is ${JSON.stringify(type.slice(0, 80))}, and only JSON in UTF-8 is read; set the content type of the webhook to application/json`,
    );
  }
  if (body.length > MOST_BYTES) throw malformed(`the body has ${body.length} bytes`);
  const parsed = schema.safeParse(jsonIn(body));
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.') || 'the body'}: ${issue.message}`);
  throw malformed(`the body does not have the shape of this event: ${where.join('; ')}`);
}

function jsonIn(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw malformed('the body is not JSON in UTF-8', cause);
  }
}

/** Text that people wrote: cut, never refused. */
export const text = (most: number) =>
  z
    .string()
    .nullish()
    .transform((value) => (value ?? '').slice(0, most));
export const TITLE_CHARS = 1_000;
export const BODY_CHARS = 65_536;

/** Numbers and texts that hosts count with. */
export const id = z.union([z.int().nonnegative(), z.string().regex(/^[A-Za-z0-9_-]{1,128}$/)]).transform(String);
export const number = z.int().positive();
export const sha = z.string().regex(SHA);
export const login = z.string().regex(LOGIN);
export const repo = z.string().refine(isRepo, 'not the name of a repository');
export const url = z.url({ protocol: /^https?$/ }).max(2_048);
/** `2026-11-23T10:00:00Z` in milliseconds. */
export const time = z
  .string()
  .max(64)
  .transform((value, context) => {
    // GitLab's webhooks write `2026-11-23 10:00:00 UTC`.
    const ms = Date.parse(value.replace(/^(\d{4}-\d{2}-\d{2}) (.+) UTC$/, '$1T$2Z'));
    if (Number.isFinite(ms)) return ms;
    context.addIssue({ code: 'custom', message: 'not a time' });
    return z.NEVER;
  });
