import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sandbox, TWO_RESOURCES } from './sandbox.ts';

test('a stack lives: preview, up, no change, drift, refresh, destroy', async () => {
  using box = sandbox(TWO_RESOURCES);
  const { pulumi, cloud } = box;
  const target = box.target();

  const preview = await pulumi.preview(target, 'up', box.control());
  assert.deepEqual(preview.counts, { create: 2 });
  assert.equal(preview.approximate, true, 'the name of the bucket is known only after it is made');
  const bucket = preview.changes.find((change) => change.name === 'data');
  assert.deepEqual(bucket?.properties, ['tags']);
  assert.deepEqual(bucket.facts['tags'], { owner: 'team-a' });
  assert.deepEqual(cloud.ledger(), [], 'a preview changes nothing');
  assert.equal((await pulumi.state(target, box.control())).exists, false, 'a preview makes no stack');

  const made = await pulumi.up(target, box.control());
  assert.deepEqual(made.counts, { create: 2 });
  assert.match(JSON.stringify(made.outputs['bucketName']), /^"data-[0-9a-f]{7}"$/);
  assert.deepEqual(box.lines, ['creating data (aws:s3/bucket:Bucket)', 'creating reader (aws:iam/role:Role)']);

  const again = await pulumi.up(target, box.control());
  assert.deepEqual(again.counts, { same: 2 });
  assert.equal(again.stateDigest, made.stateDigest, 'nothing changed, so the digest is the same');

  const urn = cloud.drift({ stack: 'demo/test' });
  const drifted = await pulumi.preview(target, 'refresh', box.control());
  const changed = drifted.changes.filter((change) => change.op !== 'same');
  assert.deepEqual(
    changed.map((change) => [change.urn, change.op, change.properties]),
    [[urn, 'update', ['tags']]],
  );
  const refreshed = await pulumi.refresh(target, box.control());
  assert.deepEqual(refreshed.counts, { update: 1, same: 1 });
  assert.notEqual(refreshed.stateDigest, made.stateDigest);
  const repaired = await pulumi.up(target, box.control());
  assert.deepEqual(repaired.counts, { update: 1, same: 1 });

  const end = await pulumi.preview(target, 'destroy', box.control());
  assert.deepEqual(end.counts, { delete: 2 });
  assert.deepEqual((await pulumi.destroy(target, box.control())).counts, { delete: 2 });
  assert.deepEqual(cloud.resources(), []);
  const effects = cloud.ledger().map((entry) => entry.op);
  assert.deepEqual(effects, ['create', 'create', 'drift', 'update', 'delete', 'delete'], 'every effect happened exactly once');
  assert.deepEqual(readdirSync(join(box.options.stateDir, 'pulumi-work')), [], 'working folders are gone');
  assert.deepEqual(readdirSync(join(box.options.stateDir, 'pulumi-intents')), []);
});

test('what only exists in the cloud can be imported, and then belongs to the stack', async () => {
  using box = sandbox(TWO_RESOURCES);
  box.cloud.seed({ type: 'aws:s3/bucket:Bucket', id: 'old-data', props: { bucket: 'old-data', tags: { owner: 'team-a' } } });
  const result = await box.pulumi.import(box.target(), [{ type: 'aws:s3/bucket:Bucket', name: 'data', id: 'old-data' }], box.control());
  assert.deepEqual(result.counts, { import: 1 });
  assert.equal((await box.pulumi.state(box.target(), box.control())).resources, 1);
  const again = await box.pulumi.import(box.target(), [{ type: 'aws:s3/bucket:Bucket', name: 'data', id: 'old-data' }], box.control());
  assert.deepEqual(again.counts, {}, 'what is imported already is left');
  await assert.rejects(box.pulumi.import(box.target(), [{ type: 'aws:s3/bucket:Bucket', name: 'gone', id: 'never-there' }], box.control()), {
    code: 'PULUMI_PROVIDER',
    message: /never-there/,
  });
});

test('operations on a stack that does not exist do nothing', async () => {
  using box = sandbox(TWO_RESOURCES);
  assert.deepEqual((await box.pulumi.destroy(box.target(), box.control())).counts, {});
  assert.deepEqual((await box.pulumi.refresh(box.target(), box.control())).counts, {});
  assert.equal(existsSync(join(box.options.stateDir, 'pulumi', '.pulumi', 'stacks', 'demo', 'test.json')), false);
});
