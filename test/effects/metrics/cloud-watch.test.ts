import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { Secret } from '../../../src/core/index.ts';
import type { QueryOf } from '../../../src/steps/index.ts';
import { asking, failure, serving } from './support.ts';

/** What the SDK sends for GetMetricData, and the form of what CloudWatch answers: AWS JSON 1.0, times in seconds. */
interface Question {
  readonly StartTime: number;
  readonly EndTime: number;
  readonly NextToken?: string;
  readonly MetricDataQueries: readonly {
    readonly Id: string;
    readonly MetricStat: {
      readonly Metric: {
        readonly Namespace: string;
        readonly MetricName: string;
        readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
      };
      readonly Period: number;
      readonly Stat: string;
    };
  }[];
}
type Reply = { readonly status?: number; readonly body: object };

const MINUTE = 60_000;
const FROM = Math.floor(Date.now() / MINUTE) * MINUTE - 10 * MINUTE;
const slots = (count: number) => ({ fromMs: FROM, slotMs: MINUTE, count });
const seconds = (slot: number) => FROM / 1_000 + slot * 60;
const LATENCY: QueryOf<'cloudWatch'> = {
  type: 'cloudWatch',
  source: { type: 'cloudWatch', name: 'aws', region: 'eu-central-1' },
  namespace: 'AWS/ApplicationELB',
  dimensions: { LoadBalancer: 'app/shop/50dc6c495c0c9188' },
  parts: { value: { metric: 'TargetResponseTime', stat: 'Average' }, weight: { metric: 'TargetResponseTime', stat: 'SampleCount' } },
};

/** The real SDK against a server that speaks like CloudWatch; gives what was asked. */
async function withCloudWatch<T>(
  answer: (question: Question) => Reply,
  use: (to: ReturnType<typeof asking>, asked: readonly Asked[]) => Promise<T>,
): Promise<T> {
  const asked: Asked[] = [];
  await using server = await serving((request, response) => void reply(request, response, { answer, asked }));
  using to = asking({
    clouds: { AWS_ACCESS_KEY_ID: new Secret('AKIAIOSFODNN7EXAMPLE'), AWS_SECRET_ACCESS_KEY: new Secret('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY') },
    override: { cloudWatch: { endpoint: server.url } },
  });
  return await use(to, asked);
}
interface Asked {
  readonly question: Question;
  readonly target: string | undefined;
  readonly authorization: string | undefined;
}
async function reply(
  request: IncomingMessage,
  response: ServerResponse,
  { answer, asked }: { readonly answer: (question: Question) => Reply; readonly asked: Asked[] },
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer); // a request without encoding gives bytes
  const question = JSON.parse(Buffer.concat(chunks).toString()) as Question; // what the SDK writes
  asked.push({ question, target: request.headers['x-amz-target']?.toString(), authorization: request.headers.authorization });
  const { status = 200, body } = answer(question);
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'c0ffee' }).end(JSON.stringify(body));
}
const result = (Id: string, samples: readonly (readonly [slot: number, value: number])[], more: object = {}) => ({
  ...{ Id, Label: Id, StatusCode: 'Complete' },
  Timestamps: samples.map(([slot]) => seconds(slot)),
  Values: samples.map(([, value]) => value),
  ...more,
});

describe('CloudWatch, through its SDK', () => {
  it('is asked for every part at once, signed for its region, and gives a gap where it has nothing', async () => {
    const answer = (): Reply => ({ body: { MetricDataResults: [result('value', [[0, 0.2], [2, 0.3]]), result('weight', [[0, 120], [2, 90]])] } }); // prettier-ignore
    await withCloudWatch(answer, async (to, asked) => {
      const found = await to.metrics.history(LATENCY, slots(3), to.control);
      assert.deepEqual(found, { value: [{ value: 0.2 }, { none: 'gap' }, { value: 0.3 }], weight: [{ value: 120 }, { none: 'gap' }, { value: 90 }] });
      const [one] = asked;
      assert.equal(asked.length, 1);
      assert.equal(one?.target, 'GraniteServiceVersion20100801.GetMetricData');
      assert.match(one?.authorization ?? '', /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/\d{8}\/eu-central-1\/monitoring\/aws4_request/);
      assert.deepEqual([one?.question.StartTime, one?.question.EndTime], [seconds(0), seconds(3)]);
      assert.deepEqual(one?.question.MetricDataQueries[1], {
        Id: 'weight',
        MetricStat: {
          Metric: {
            Namespace: 'AWS/ApplicationELB',
            MetricName: 'TargetResponseTime',
            Dimensions: [{ Name: 'LoadBalancer', Value: 'app/shop/50dc6c495c0c9188' }],
          },
          Period: 60,
          Stat: 'SampleCount',
        },
      });
    });
  });

  it('is read page by page', async () => {
    const answer = ({ NextToken }: Question): Reply =>
      NextToken === undefined
        ? { body: { MetricDataResults: [result('value', [[0, 1]], { StatusCode: 'PartialData' })], NextToken: 'more' } }
        : { body: { MetricDataResults: [result('value', [[1, 2]])] } };
    await withCloudWatch(answer, async (to) => {
      const { value } = await to.metrics.history(LATENCY, slots(2), to.control);
      assert.deepEqual(value, [{ value: 1 }, { value: 2 }]);
    });
  });

  it('gives the newest number, of all parts at the same time', async () => {
    const answer = ({ EndTime }: Question): Reply => {
      const at = (minutes: number) => (EndTime * 1_000 - FROM) / MINUTE - minutes;
      return { body: { MetricDataResults: [result('events', [[at(3), 7]]), result('trials', [[at(4), 90], [at(3), 100]])] } }; // prettier-ignore
    };
    const errors = { ...LATENCY, parts: { events: { metric: 'HTTPCode_Target_5XX_Count', stat: 'Sum' }, trials: { metric: 'RequestCount', stat: 'Sum' } } };
    await withCloudWatch(answer, async (to) => {
      assert.deepEqual(await to.metrics.latest(errors, MINUTE, to.control), { events: { value: 7 }, trials: { value: 100 } });
    });
    await withCloudWatch(
      () => ({ body: { MetricDataResults: [] } }),
      async (to) => assert.deepEqual(await to.metrics.latest(errors, MINUTE, to.control), { events: { none: 'gap' }, trials: { none: 'gap' } }),
    );
  });

  for (const [what, answer, code, retry] of [
    [
      'a wrong statistic',
      { status: 400, body: { __type: 'com.amazonaws.cloudwatch#InvalidParameterValueException', message: 'no such stat' } },
      'METRIC_QUERY_WRONG',
      'never',
    ],
    [
      'a key that nobody knows',
      { status: 403, body: { __type: 'InvalidClientTokenId', message: 'The security token is invalid' } },
      'METRIC_SOURCE_DENIED',
      'never',
    ],
    ['a key that may not', { status: 400, body: { __type: 'AccessDeniedException', message: 'not authorized' } }, 'METRIC_SOURCE_DENIED', 'never'],
    ['being asked too often', { status: 400, body: { __type: 'ThrottlingException', message: 'Rate exceeded' } }, 'METRIC_SOURCE_DOWN', 'afterBackoff'],
    ['a fault of its own', { status: 500, body: { __type: 'InternalServiceFault', message: 'sorry' } }, 'METRIC_SOURCE_DOWN', 'afterBackoff'],
    ['a metric of somebody else', { body: { MetricDataResults: [result('value', [], { StatusCode: 'Forbidden' })] } }, 'METRIC_SOURCE_DENIED', 'never'],
    ['one metric that fails', { body: { MetricDataResults: [result('value', [], { StatusCode: 'InternalError' })] } }, 'METRIC_SOURCE_DOWN', 'afterBackoff'],
    ['a message', { body: { MetricDataResults: [], Messages: [{ Code: 'ArgumentError', Value: 'too much' }] } }, 'METRIC_QUERY_WRONG', 'never'],
  ] as const) {
    it(`answers ${what} with ${code}`, async () => {
      await withCloudWatch(
        () => answer,
        async (to) => {
          const error = await failure(to.metrics.history(LATENCY, slots(2), to.control));
          assert.deepEqual([error.code, error.retry], [code, retry]);
          assert.doesNotMatch(`${error.message}${JSON.stringify(error)}`, /wJalrXUtnFEMI/);
        },
      );
    });
  }

  it('stops when it is told to, and is refused in a rehearsal', async () => {
    await using server = await serving(() => undefined);
    using to = asking({ override: { cloudWatch: { endpoint: server.url, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } } } });
    const stop = new AbortController();
    const asked = to.metrics.history(LATENCY, slots(1), { ...to.control, signal: stop.signal });
    stop.abort(new Error('enough'));
    await assert.rejects(asked, /enough/);
    using rehearsed = asking({ rehearsal: true });
    const error = await failure(rehearsed.metrics.history(LATENCY, slots(1), rehearsed.control));
    assert.equal(error.code, 'METRIC_NOT_REHEARSED');
    assert.match(error.message, /no stand-in plays Amazon CloudWatch, which the metric source aws asks/);
  });
});
