export { type KpiAgreement, type KpiRun, kpiRunOf } from './facts.ts';
export { type Figures, type Kpis, kpisOf, type KpiWindow, type SlaFigures, type Spread } from './kpis.ts';
export { kpiText } from './text.ts';
