/**
 * Simulates dual runs under many kinds of traffic and writes docs/calibration.md: wrong-pass rates, power, false alarms, and other tools' rules on the
 * same runs. Exit code 1 when a rate is beyond its limit for certain. One core, about ten minutes.
 *
 * node bench/calibration/main.ts [--scale 0.1] [--seed 20261128] [--out file]
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { breaches, reportOf } from './report.ts';
import { ERROR_SHAPES, LATENCY_SHAPES, RIVAL_SHAPES, type Sizes, studyErrors, studyLatency, studyRivals } from './study.ts';

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    seed: { type: 'string', default: '20261128' },
    out: { type: 'string', default: fileURLToPath(new URL('../../docs/calibration.md', import.meta.url)) },
  },
});
const scaled = (runs: number) => Math.max(20, Math.round(runs * Number(values.scale)));
const sizes: Sizes = {
  seed: Number(values.seed),
  scale: Number(values.scale),
  n: 6_000,
  wrongPass: scaled(300),
  errors: scaled(1_000),
  power: scaled(100),
  rivals: scaled(40),
};

const startedAt = performance.now();
function step<T>(name: string, work: () => T): T {
  const value = work();
  process.stderr.write(`${((performance.now() - startedAt) / 1_000).toFixed(0).padStart(5)} s  ${name}\n`);
  return value;
}
const results = {
  latency: LATENCY_SHAPES.map((shape) => step(`latency: ${shape.name}`, () => studyLatency(shape, sizes))),
  errors: ERROR_SHAPES.map((shape) => step(`failures: ${shape.name}`, () => studyErrors(shape, sizes))),
  rivals: RIVAL_SHAPES.flatMap((shape) => step(`side by side: ${shape.name}`, () => studyRivals(shape, sizes))),
};
writeFileSync(values.out, reportOf(results, sizes, new Date().toISOString().slice(0, 10)));
const late = breaches(results);
for (const breach of late) process.stderr.write(`not within its limit: ${breach}\n`);
if (late.length > 0) process.exitCode = 1;
