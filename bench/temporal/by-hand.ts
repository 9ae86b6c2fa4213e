import { proxyActivities } from '@temporalio/workflow';

// What somebody writes who wants one step after the other and nothing else: the measure for what our interpreter costs.

const { work } = proxyActivities<{ work(input: { readonly n: number }): Promise<{ readonly n: number }> }>({
  startToCloseTimeout: '60s',
  heartbeatTimeout: '5s',
  retry: { maximumAttempts: 1 },
});

export async function byHand(steps: number): Promise<number> {
  let last = 0;
  for (let n = 0; n < steps; n++) ({ n: last } = await work({ n }));
  return last;
}
