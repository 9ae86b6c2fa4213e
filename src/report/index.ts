export * from './run/index.ts';
export {
  type GoalPlan,
  markdownBlock,
  markdownCode,
  MARKDOWN_LIMIT,
  markdownText,
  type MeasuringPlan,
  measuringWords,
  planJson,
  planMarkdown,
  type PlanOptions,
  planText,
  type PlanTextOptions,
  unreachableWords,
} from './plan/index.ts';
export * from './pull/index.ts';
export * from './kpi/index.ts';
export * from './operate/index.ts';
export * from './verdict/index.ts';
