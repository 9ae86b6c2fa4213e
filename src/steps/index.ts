import { controlKinds } from './control/index.ts';
import { checkCommand, checkHttp, checkReadiness, checkTcp } from './check/index.ts';
import { pulumiDestroy, pulumiImport, pulumiPreview, pulumiRefresh, pulumiUp } from './pulumi/index.ts';
import { setMirror, setStackWeight, setWeight } from './traffic/index.ts';
import { sshArchive, sshCopy, sshExpect, sshFacts, sshLine, sshPackage, sshRun, sshScript, sshService, sshTemplate, sshUser } from './ssh/index.ts';
import { notify } from './notify/index.ts';
import { complianceScan } from './compliance/index.ts';
import { placement } from './placement/index.ts';
import { policyCheck } from './policy-check/index.ts';
import { benchProbe } from './bench/index.ts';
import { checkMetric, metricsCollect } from './metrics/index.ts';
import { analysis } from './analysis/index.ts';
import type { AnyKind } from './kind.ts';

export { type AnalysisInput, analysisInput, type AnalysisPlan, analysisPlan, plainMetric } from './analysis/index.ts';
export { type ProbePlan, probePlan } from './bench/index.ts';
export { valueAt } from './check/expect.ts';
export * from './fields.ts';
export * from './host.ts';
export * from './kind.ts';
export * from './legacy.ts';
export { matches, matchEnds, Pattern } from './pattern.ts';
export { NumericSides, RatioSides, MetricSources } from './metrics/index.ts';
export { allParts, mapParts } from './metrics/port.ts';
export type * from './metrics/port.ts';
export type * from './outbound.ts';
export type * from './ports.ts';

/** Every kind of step, in the order documentation lists them. One line per kind. */
export const kinds: readonly AnyKind[] = [
  sshRun,
  sshScript,
  sshCopy,
  sshTemplate,
  sshLine,
  sshPackage,
  sshService,
  sshUser,
  sshArchive,
  sshExpect,
  sshFacts,
  ...controlKinds,
  pulumiPreview,
  pulumiUp,
  pulumiRefresh,
  pulumiDestroy,
  pulumiImport,
  checkCommand,
  checkHttp,
  checkMetric,
  checkReadiness,
  checkTcp,
  setMirror,
  setStackWeight,
  setWeight,
  notify,
  complianceScan,
  placement,
  policyCheck,
  benchProbe,
  metricsCollect,
  analysis,
];

const byName = new Map(kinds.map((kind) => [kind.uses, kind]));

/** The kind a runbook's `uses` names, or undefined. */
export function kindOf(uses: string): AnyKind | undefined {
  return byName.get(uses);
}
