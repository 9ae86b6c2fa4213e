import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Site } from './site.ts';
import { commentContract } from './contract-comments.ts';
import { eventContract } from './contract-events.ts';
import { pullContract } from './contract-pulls.ts';

/** What every host must do alike. One site for all of it: the tests run one after the other and each uses branches of its own. */
export function contract(label: string, open: () => Promise<Site>): void {
  suite(`githost contract: ${label}`, () => {
    let opening: Promise<Site> | undefined;
    const site = () => (opening ??= open());
    pullContract(site);
    commentContract(site);
    eventContract(site);
    test('what was opened is closed', async () => {
      assert.ok(opening, 'no test opened the site');
      await (await opening)[Symbol.asyncDispose]();
    });
  });
}

/** What is refused, by its code. */
export const refused = (code: string) => (thrown: unknown) => {
  assert.ok(thrown instanceof Error && 'code' in thrown, String(thrown));
  assert.equal(thrown.code, code, thrown.message);
  return true;
};

/** Hosts work some things out a moment later. */
export async function eventually<T>(look: () => Promise<T>, isThere: (value: T) => boolean, tries = 100): Promise<T> {
  for (;;) {
    const value = await look();
    if (isThere(value) || --tries <= 0) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
