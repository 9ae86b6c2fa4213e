export { wereUnheard } from './findings.ts';
export {
  ACCESS_PACKAGE,
  type DecisionLog,
  evaluatePackages,
  judge,
  type JudgeOptions,
  type LoadOptions,
  loadPolicies,
  type PolicySet,
  testPolicies,
} from './load.ts';
