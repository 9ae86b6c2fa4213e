export * from './run/index.ts';
export { MARKDOWN_LIMIT, planJson, planMarkdown, type PlanOptions, planText, type PlanTextOptions } from './plan/index.ts';
export * from './pull/index.ts';
