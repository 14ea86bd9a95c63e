import { useMemo } from 'react';
import { useOperation } from '#console/api/call.ts';
import { SeriesChart } from '#console/chart/series.tsx';
import { exactCount } from '#console/format/quantity.ts';
import { pollEveryMs } from '#console/limits.ts';
import { Figure, Section } from '#console/part/page.tsx';
import { Refusal, Waiting } from '#console/part/state.tsx';
import { Status, type Tone } from '#console/part/status.tsx';
import type { ThingProps } from '#console/service-page.ts';

type Budget = {
  readonly objective: number;
  readonly total: number;
  readonly bad: number;
  readonly attained: number;
  readonly budgetLeft: number;
  readonly burnHour: number;
  readonly burnSixHours: number;
  readonly days: readonly { readonly at: number; readonly total: number; readonly bad: number }[];
};

const percent = (share: number, digits = 2) => `${(share * 100).toFixed(digits).replace(/\.?0+$/, '')} %`;
const times = (rate: number) => `${rate.toFixed(rate < 10 ? 1 : 0)}×`;
const dayMs = 86_400_000;

/** How much may still fail before the objective is missed, and how fast it is spent. */
export function BudgetPage({ name }: ThingProps) {
  const reading = useOperation<Budget>('telemetry', 'GetBudget', name, {}, { everyMs: pollEveryMs });
  const { value } = reading;
  if (!value)
    return <Section>{reading.problem ? <Refusal problem={reading.problem} again={reading.again} /> : <Waiting rows={4} />}</Section>;
  return <Shown budget={value} />;
}

function Shown({ budget }: { budget: Budget }) {
  const { tone, said } = verdictOf(budget);
  const left = Math.max(0, Math.min(1, budget.budgetLeft));
  const chart = useMemo(() => ({ at: budget.days.map(({ at }) => at), values: budget.days.map(({ bad }) => bad) }), [budget.days]);
  return (
    <>
      <div className="figures">
        <Figure label="Error budget left" value={percent(budget.budgetLeft, 1)} note={<Status tone={tone}>{said}</Status>}>
          <div className={`budget status-${tone}`} role="img" aria-label={`${percent(left, 0)} of the budget is left`}>
            <span style={{ width: `${left * 100}%` }} />
          </div>
        </Figure>
        <Figure label="Good calls" value={percent(budget.attained, 3)} note={`${percent(budget.objective, 3)} are asked for`} />
        <Figure
          label="Burning"
          value={times(budget.burnHour)}
          note={`as fast as allowed in the last hour; ${times(budget.burnSixHours)} in six hours`}
        />
        <Figure label="Calls that were not good" value={exactCount(budget.bad)} note={`of ${exactCount(budget.total)}`} />
      </div>
      {budget.days.length > 0 && (
        <Section title="Calls that were not good, by day">
          <SeriesChart
            step="budget"
            span={[budget.days[0]?.at ?? 0, budget.days.at(-1)?.at ?? dayMs]}
            series={{ label: 'Calls that were not good', unit: 'call', bars: true, ...chart }}
          />
        </Section>
      )}
    </>
  );
}

function verdictOf({ budgetLeft, burnHour, burnSixHours }: Budget): { tone: Tone; said: string } {
  if (budgetLeft <= 0) return { tone: 'bad', said: 'spent: the objective is missed' };
  if (burnHour > 14 && burnSixHours > 6) return { tone: 'bad', said: 'burning fast' };
  if (budgetLeft < 0.25) return { tone: 'warn', said: 'little is left' };
  return { tone: 'ok', said: 'within the budget' };
}
