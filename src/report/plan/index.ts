export { expectedWords, type PlanOptions } from './closing.ts';
export { block as markdownBlock, code as markdownCode, plain as markdownText } from '../escape.ts';
export { planJson } from './json.ts';
export { MARKDOWN_LIMIT, planMarkdown } from './markdown.ts';
export { type GoalPlan, type MeasuringPlan, measuringWords, unreachableWords } from './measuring.ts';
export { planText, type PlanTextOptions } from './text.ts';
export { viewOf } from './view.ts';
export { counted, countWords, cut } from './words.ts';
