import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { randomText, Secret } from '../core/index.ts';

const PREFIX_LENGTH = 10;
const SECRET_LENGTH = 40;
const TEXT = /^slw_([0-9a-hjkmnp-tv-z]{10})_([0-9a-hjkmnp-tv-z]{40})$/;

/** A token as it is kept: nothing in it gives the token back. */
export const TokenRecord = z.strictObject({
  /** What bindings call it: `token:<name>`. */
  name: z.string(),
  /** Public part, by which it is found. */
  prefix: z.string(),
  /** SHA-256 of the secret part, in hex. The part has 200 random bits, so that no slow hash is needed. */
  hash: z.string(),
  scopes: z.array(z.strictObject({ action: z.string(), runbook: z.string().exactOptional() })),
  createdAt: z.number(),
  createdBy: z.string(),
  expiresAt: z.number(),
  revokedAt: z.number().optional(),
  revokedBy: z.string().optional(),
});
export type TokenRecord = z.output<typeof TokenRecord>;

/** Make a token: the text is shown once, the record is kept. */
export function makeToken(about: Pick<TokenRecord, 'name' | 'scopes' | 'createdAt' | 'createdBy' | 'expiresAt'>): {
  readonly text: Secret;
  readonly record: TokenRecord;
} {
  const [prefix, secret] = [randomText(PREFIX_LENGTH), randomText(SECRET_LENGTH)];
  return { text: new Secret(`slw_${prefix}_${secret}`), record: { ...about, prefix, hash: hashOf(secret) } };
}

/** The public part of a token's text; undefined when it is none. */
export function prefixOf(text: string): string | undefined {
  return TEXT.exec(text)?.[1];
}

/** Is this the text of that token, and may it be used now? Takes the same time whichever digit is wrong. */
export function isTokenOf(record: TokenRecord, text: string, now: number): boolean {
  const secret = TEXT.exec(text)?.[2] ?? '';
  const isSame = timingSafeEqual(Buffer.from(hashOf(secret), 'hex'), Buffer.from(record.hash, 'hex'));
  return isSame && record.revokedAt === undefined && now < record.expiresAt;
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
