import type { Clock } from '../../core/index.ts';
import type { Host } from '../../steps/index.ts';
import { DialReset, unreachableHost } from './dial.ts';
import { createSlots, type Slots } from './slots.ts';

/** OpenSSH starts to refuse at 10 connections that have not logged in yet (MaxStartups 10:30:100). */
const FIRST_LIMIT = 8;
const MOST_LIMIT = 32;
const MOST_TRIES = 10;
const FIRST_WAIT_MS = 150;
const MOST_WAIT_MS = 5_000;

/** Keeps storms of new connections within what a server accepts. */
export interface Gate {
  /** Dial, and dial again when the server hung up early. @throws {SlipwayError} `SSH_UNREACHABLE` when it keeps hanging up. */
  pass<T>(host: Host, dialOnce: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

/**
 * One limit per server: it halves when the server hangs up on us and grows slowly with each success.
 *
 * @param random a number from 0 to 1 for the jitter.
 */
export function createGate(clock: Clock, random: () => number): Gate {
  const servers = new Map<string, Slots>();
  return {
    pass: async (host, dialOnce, signal) => {
      const key = [...host.jump, host].map((each) => `${each.address}:${each.port}`).join('>');
      const slots = servers.get(key) ?? createSlots(FIRST_LIMIT);
      servers.set(key, slots);
      for (let tries = 1; ; tries++) {
        const leave = await slots.take(signal);
        try {
          const result = await dialOnce();
          slots.resize(Math.min(MOST_LIMIT, slots.limit() + 1 / slots.limit()));
          return result;
        } catch (thrown) {
          if (!(thrown instanceof DialReset)) throw thrown;
          if (tries === MOST_TRIES) throw unreachableHost(host, thrown);
          slots.resize(slots.limit() / 2);
        } finally {
          leave();
        }
        await clock.sleep(random() * Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries), signal);
      }
    },
  };
}
