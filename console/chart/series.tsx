import { useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { exactMoment } from '../format/moment.ts';
import { exactInUnit, inUnit } from '../format/quantity.ts';
import { momentLabel, splitsOf, tickLabel } from './axis.ts';
import './chart.css';

export type Series = {
  readonly label: string;
  readonly unit: string;
  readonly at: readonly number[];
  readonly values: readonly number[];
  readonly bars?: boolean;
  /** Further lines in the same unit and at the same moments. */
  readonly others?: readonly { readonly label: string; readonly values: readonly number[] }[];
};

/** Colours and dashes of lines, in order: they differ by shape as well. */
const hues = ['--accent', '--warn', '--bad'] as const;
const dashes = [[], [7, 4], [2, 3]] as const;

type Hover = { at: number; values: readonly number[]; left: number };

const height = 168;

/** Charts with the same `step` move their cursors together. */
export function SeriesChart({ series, step, span }: { series: Series; step: string; span: readonly [number, number] }) {
  const { ref, width } = useElementSize();
  const frame = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme();
  const [hover, setHover] = useState<Hover>();
  useEffect(() => {
    const element = frame.current;
    if (!element || width < 50) return undefined;
    const plot = new uPlot(
      optionsFor(series, step, span, width, getComputedStyle(element), setHover),
      [series.at.map((at) => at / 1000), ...linesOf(series).map(({ values }) => [...values])],
      element,
    );
    return () => plot.destroy();
  }, [series, step, span, width, scheme]);
  return (
    <>
      <figure className="chart" ref={ref} aria-label={summaryOf(series)} role="img">
        <div ref={frame} style={{ minHeight: height }} />
        {hover && (
          <div className="chart-tip" style={{ left: Math.min(hover.left, Math.max(0, width - 210)) }}>
            {linesOf(series).map(({ label }, index) => (
              <strong key={label}>
                {series.others ? `${label} ` : ''}
                {exactInUnit(hover.values[index] ?? 0, series.unit)}
              </strong>
            ))}
            <span>{exactMoment(hover.at).slice(0, 16)}</span>
          </div>
        )}
      </figure>
      {series.others && (
        <div className="chart-legend">
          {linesOf(series).map(({ label }, index) => (
            <span key={label}>
              <i className={`chart-line-${index % hues.length}`} />
              {label}
            </span>
          ))}
        </div>
      )}
    </>
  );
}

/** The line itself and those beside it. */
function linesOf({ label, values, others = [] }: Series): readonly { readonly label: string; readonly values: readonly number[] }[] {
  return [{ label, values }, ...others];
}

function summaryOf({ label, unit, values }: Series): string {
  const most = values.reduce((sum, value) => Math.max(sum, value), 0);
  return `${label}: ${values.length} values, ${inUnit(values.at(-1) ?? 0, unit)} last, ${inUnit(most, unit)} at most`;
}

function optionsFor(
  series: Series,
  step: string,
  span: readonly [number, number],
  width: number,
  style: CSSStyleDeclaration,
  onHover: (hover: Hover | undefined) => void,
): uPlot.Options {
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color('--faint'),
    font: `11px ${color('--font')}`,
    ticks: { show: false },
    grid: { stroke: color('--line'), width: 1 },
  };
  const accent = color('--accent');
  const bars = series.bars && uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.7, 28], radius: 0.15 }) } : {};
  // A bar stands on the middle of its window, so half a window is kept free on both sides.
  const half = series.bars && series.at.length > 1 ? ((series.at[1] ?? 0) - (series.at[0] ?? 0)) / 2 : 0;
  return {
    width,
    height,
    padding: [10, 16, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: step, setSeries: false }, y: false, points: { size: 7, fill: accent } },
    scales: {
      x: { min: (span[0] - half) / 1000, max: (span[1] + half) / 1000 },
      y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.12 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 64,
        values: (_plot, ticks) => ticks.map((tick) => momentLabel(tick * 1000, span[1] - span[0])),
      },
      {
        ...axis,
        size: 76,
        splits: (_plot, _axis, _least, most) => splitsOf(most, series.unit),
        values: (_plot, ticks) => ticks.map((tick) => tickLabel(tick, series.unit)),
      },
    ],
    series: [
      {},
      ...linesOf(series).map(({ label, values }, index) => {
        const hue = color(hues[index % hues.length] ?? hues[0]);
        return {
          label,
          stroke: hue,
          width: series.bars ? 0 : 1.5,
          ...(series.others ? {} : { fill: series.bars ? hue : `${hue}1f` }),
          dash: [...(dashes[index % dashes.length] ?? [])],
          points: { show: values.length < 3 },
          ...bars,
        };
      }),
    ],
    hooks: { setCursor: [(plot) => onHover(hoverOf(plot))] },
  };
}

function hoverOf(plot: uPlot): Hover | undefined {
  const { idx, left } = plot.cursor;
  if (idx === null || idx === undefined || left === undefined || left < 0) return undefined;
  const at = plot.data[0][idx];
  const values = plot.data.slice(1).map((line) => Number(line[idx] ?? 0));
  return at === undefined ? undefined : { at: at * 1000, values, left: left + 92 };
}
