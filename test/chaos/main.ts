import { parseArgs } from 'node:util';
import { chaos } from './chaos.ts';

// npm run test:chaos -- --minutes 30 --seed 7 --store postgres
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string' },
    runs: { type: 'string', default: '200' },
    workers: { type: 'string', default: '3' },
    store: { type: 'string', default: 'sqlite' },
  },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const say = (line: string): void => void process.stderr.write(`chaos: ${line}\n`);
say(`seed ${seed}, ${values.runs} runs, ${values.minutes} minutes`);
const report = await chaos({
  seed,
  runs: Number(values.runs),
  seconds: Number(values.minutes) * 60,
  standstillSeconds: 60,
  workers: Number(values.workers),
  store: values.store === 'postgres' ? 'postgres' : 'sqlite',
  say,
});
process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
process.exitCode = report.broken.length > 0 ? 1 : 0;
