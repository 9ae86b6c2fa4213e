import assert from 'node:assert/strict';
import { it } from 'node:test';
import { azureMonitorHistory } from '../../../src/effects/metrics/azure-monitor.ts';
import { cloudWatchHistory } from '../../../src/effects/metrics/cloud-watch.ts';
import { failure } from './support.ts';

const absent = () => Promise.reject(new Error('Cannot find package'));
const control = { runId: 'run-20261123-metrics000', signal: new AbortController().signal, notice: () => undefined };
const slots = { fromMs: 0, slotMs: 60_000, count: 1 };

it('says which package a cloud needs when it was left out', async () => {
  const aws = await failure(
    cloudWatchHistory(
      { type: 'cloudWatch', source: { type: 'cloudWatch', name: 'aws', region: 'eu-central-1' }, namespace: 'Shop', dimensions: {}, parts: {} },
      slots,
      { load: absent, settings: () => ({}), clients: new Map() },
      control,
    ),
  );
  assert.deepEqual([aws.code, aws.retry, aws.hint], ['METRIC_SDK_MISSING', 'never', 'npm install @aws-sdk/client-cloudwatch']);
  const azure = await failure(
    azureMonitorHistory(
      {
        type: 'azureMonitor',
        source: { type: 'azureMonitor', name: 'azure', region: 'westeurope' },
        resource: '/subscriptions/x/y',
        namespace: 'Shop',
        parts: {},
      },
      slots,
      { load: absent, credential: () => assert.fail('there is no library'), clients: new Map() },
      control,
    ),
  );
  assert.deepEqual([azure.code, azure.hint], ['METRIC_SDK_MISSING', 'npm install @azure/monitor-query-metrics @azure/identity']);
});
