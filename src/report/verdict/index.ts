export { verdictPicture } from './picture.ts';
export { verdictMarkdown, verdictTable } from './table.ts';
export type { AnalysisCheck } from './types.ts';
export { analysesJson, analysesMarkdown, analysesText, verifyText } from './words.ts';
