import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../src/core/index.ts';
import { graphOf, hostKind, hostRule, node, RUN_ID, runGraph, temporaryJournal, workKind } from './support.ts';

const TEXT = 'sup3r-s3cret-value';

test('what an effect prints of a secret is masked before it is stored, also on hosts', async () => {
  await using place = temporaryJournal();
  const { journal } = place;
  const inputs = { token: { $secret: await journal.seal(RUN_ID, new Secret(TEXT)) } };
  const given = { with: { token: '${{ inputs.token }}' } };
  const careless = workKind([], async ({ log }) => {
    log(`once ${TEXT}`);
    return {};
  });
  const onHosts = hostKind(async ({ log }) => log(`here ${TEXT}`, 'stderr'));
  const graph = graphOf([node('one/a', given), node('one/b', { ...given, uses: 'test.hosts', needs: ['one/a'], hosts: hostRule(['h1']) })]);
  const { state } = await runGraph({ journal, graph, kinds: [careless, onHosts], inputs });
  assert.equal(state, 'succeeded');
  assert.deepEqual(
    (await journal.logs(RUN_ID)).map(({ text }) => text),
    ['once [secret]', 'here [secret]'],
  );
});
