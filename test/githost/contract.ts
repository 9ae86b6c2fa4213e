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
