import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../../src/core/index.ts';
import type { VaultKeySource } from '../../../src/journal/index.ts';
import { RUN, type StoreUnderTest } from './place.ts';

const keyOf = (digit: string): VaultKeySource => ({ from: 'setting', key: new Secret(digit.repeat(64)) });

export function vaultContract(store: StoreUnderTest): void {
  test('the vault opens what it sealed, binds it to its reference, and writes nothing that can be read', async () => {
    await using at = await store.place();
    const journal = await at.open();
    await journal.create(RUN, { type: 'first' });
    const text = 'correct horse battery staple';
    const [one, two] = [await journal.seal(RUN.id, new Secret(text)), await journal.seal(RUN.id, new Secret('another secret'))];
    assert.equal((await journal.unseal(one)).reveal(), text);
    assert.equal((await (await at.open()).unseal(one)).reveal(), text, 'another opening uses the same key');
    await assert.rejects(journal.unseal(`${RUN.id}:nothing`), { code: 'SECRET_MISSING' });
    for (const bytes of await at.atRest()) assert.ok(!Buffer.from(bytes).includes(text));
    await at.sql(`UPDATE secrets SET sealed = (SELECT sealed FROM secrets WHERE id = '${two}') WHERE id = '${one}'`);
    await assert.rejects(journal.unseal(one), { code: 'SECRET_UNREADABLE' });
  });

  test('another key opens nothing and seals nothing; what is no key is refused', async () => {
    await using at = await store.place();
    const journal = await at.open({ vaultKey: keyOf('a') });
    await journal.create(RUN, { type: 'first' });
    const reference = await journal.seal(RUN.id, new Secret('a secret of ours'));
    const other = await at.open({ vaultKey: keyOf('b') });
    await assert.rejects(other.unseal(reference), { code: 'SECRET_UNREADABLE' });
    await assert.rejects(other.seal(RUN.id, new Secret('sealed with another key')), { code: 'VAULT_KEY' });
    for (const text of ['short', 'g'.repeat(64)]) {
      const wrong = await at.open({ vaultKey: { from: 'setting', key: new Secret(text) } });
      await assert.rejects(wrong.unseal(reference), (thrown: Error) => 'code' in thrown && thrown.code === 'VAULT_KEY' && !thrown.message.includes(text));
    }
    const none = await at.open({ vaultKey: { from: 'nowhere' } });
    await assert.rejects(none.seal(RUN.id, new Secret('never sealed')), { code: 'VAULT_KEY' });
    assert.equal((await journal.unseal(reference)).reveal(), 'a secret of ours');
  });

  test('evidence is named by its digest, kept once, and bounded', async () => {
    await using at = await store.place();
    const journal = await at.open();
    await journal.create(RUN, { type: 'first' });
    const bytes = Buffer.from([0, 1, 2, 255, 254, 10, 13]);
    const digest = await journal.putEvidence(RUN.id, bytes);
    assert.equal(await journal.putEvidence(RUN.id, bytes), digest);
    assert.deepEqual(Buffer.from((await (await at.open()).evidence(digest)) ?? []), bytes);
    assert.equal(await journal.evidence(`sha256:${'0'.repeat(64)}`), undefined);
    await assert.rejects(journal.evidence('sha256:../../etc'), TypeError);
    await assert.rejects(journal.putEvidence(RUN.id, new Uint8Array(64 * 1024 * 1024 + 1)), { code: 'EVIDENCE_TOO_LARGE' });
  });
}
