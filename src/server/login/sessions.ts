import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type Clock, type Json, SlipwayError } from '../../core/index.ts';
import type { Store } from '../../store/index.ts';
import type { LoginSettings } from '../settings/index.ts';
import { Attempt, type Person } from './oidc.ts';

const SessionRecord = z.strictObject({ id: z.string(), groups: z.array(z.string()), csrf: z.string(), createdAt: z.number(), seenAt: z.number() });
export type SessionRecord = z.output<typeof SessionRecord>;
const AttemptRecord = z.strictObject({ attempt: Attempt, createdAt: z.number() });

/** Sessions and sign-ins that go on. They are kept by the hash of what the browser holds: whoever reads the store cannot be anybody. */
export interface Sessions {
  /** A new session under a new id, whatever the browser held before. */
  open(person: Person): Promise<string>;
  find(cookie: string): Promise<SessionRecord | undefined>;
  close(cookie: string): Promise<void>;
  /** Keep a sign-in that goes on. */
  keepAttempt(attempt: Attempt): Promise<string>;
  /** Take it back: once, and within ten minutes. */
  takeAttempt(cookie: string): Promise<Attempt | undefined>;
}

const SESSIONS = 'sessions';
const LOGINS = 'logins';
const TOUCH_MS = 60_000;
const ATTEMPT_MS = 10 * 60_000;
const COOKIE = /^[A-Za-z0-9_-]{43}$/;

export function createSessions({ documents }: Store, clock: Clock, { idle, longest }: Pick<LoginSettings, 'idle' | 'longest'>): Sessions {
  return {
    open: async ({ id, groups }) => {
      const [cookie, csrf] = [secret(), secret()];
      const now = clock.now();
      await documents.put(SESSIONS, keyOf(cookie), asJson({ id, groups: [...groups], csrf, createdAt: now, seenAt: now }), { ifVersion: 0 });
      return cookie;
    },
    find: async (cookie) => {
      const found = COOKIE.test(cookie) ? await documents.get(SESSIONS, keyOf(cookie)) : undefined;
      if (!found) return undefined;
      const session = SessionRecord.parse(found.value);
      const now = clock.now();
      if (now >= session.seenAt + idle || now >= session.createdAt + longest) {
        await documents.delete(SESSIONS, keyOf(cookie));
        return undefined;
      }
      // Not every request writes: a minute more or less of idling matters to nobody.
      if (now - session.seenAt > TOUCH_MS) await touch(documents, keyOf(cookie), { ...session, seenAt: now }, found.version);
      return session;
    },
    close: async (cookie) => {
      if (COOKIE.test(cookie)) await documents.delete(SESSIONS, keyOf(cookie));
    },
    keepAttempt: async (attempt) => {
      const cookie = secret();
      await documents.put(LOGINS, keyOf(cookie), asJson({ attempt, createdAt: clock.now() }), { ifVersion: 0 });
      return cookie;
    },
    takeAttempt: async (cookie) => {
      const found = COOKIE.test(cookie) ? await documents.get(LOGINS, keyOf(cookie)) : undefined;
      if (!found) return undefined;
      // Of two who come with the same one, only one can delete this version.
      await documents.delete(LOGINS, keyOf(cookie), { ifVersion: found.version });
      const { attempt, createdAt } = AttemptRecord.parse(found.value);
      return clock.now() < createdAt + ATTEMPT_MS ? attempt : undefined;
    },
  };
}

async function touch(documents: Store['documents'], key: string, session: SessionRecord, ifVersion: number): Promise<void> {
  try {
    await documents.put(SESSIONS, key, asJson(session), { ifVersion });
  } catch (cause) {
    // Another request of the same person was faster, or the session was closed meanwhile; it must not come back.
    if (!(cause instanceof SlipwayError) || cause.code !== 'STORE_CONFLICT') throw cause;
  }
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}

function keyOf(cookie: string): string {
  return createHash('sha256').update(cookie).digest('base64url');
}

function asJson(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json; // what JSON.parse gives is JSON
}
