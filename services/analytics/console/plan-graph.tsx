import { exactCount } from '#console/format/quantity.ts';

export type OperatorNode = {
  readonly lines: readonly string[];
  readonly inputs: readonly number[];
  readonly rows?: number;
  readonly entries?: number;
  readonly watermark?: number;
};

const [boxWidth, boxHeight, gapX, gapY] = [190, 46, 24, 34];

/** How far each operator stands from the sources, and where in its row. */
function placed(operators: readonly OperatorNode[]) {
  const depths: number[] = [];
  for (const [at, { inputs }] of operators.entries()) depths[at] = Math.max(-1, ...inputs.map((input) => depths[input] ?? 0)) + 1;
  const filled = new Map<number, number>();
  return depths.map((depth) => {
    const column = filled.get(depth) ?? 0;
    filled.set(depth, column + 1);
    return { x: column * (boxWidth + gapX), y: depth * (boxHeight + gapY) };
  });
}

/** The operators of a view, rows going down from the sources. */
export function PlanGraph({ operators, rates }: { operators: readonly OperatorNode[]; rates: readonly (number | undefined)[] }) {
  const places = placed(operators);
  const width = Math.max(...places.map(({ x }) => x)) + boxWidth;
  const height = Math.max(...places.map(({ y }) => y)) + boxHeight;
  return (
    <div className="plan" tabIndex={0} role="region" aria-label="Plan">
      <svg width={width + 2} height={height + 2} role="img" aria-label={`${operators.length} operators`}>
        {operators.flatMap(({ inputs }, at) =>
          inputs.map((input) => {
            const [from, to] = [places[input], places[at]];
            if (!from || !to) return null;
            const [x1, y1, x2, y2] = [from.x + boxWidth / 2, from.y + boxHeight, to.x + boxWidth / 2, to.y];
            const middle = (y1 + y2) / 2;
            return <path key={`${input} ${at}`} className="plan-edge" d={`M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}`} />;
          }),
        )}
        {operators.map(({ lines: [head = '', ...more], rows }, at) => {
          const { x = 0, y = 0 } = places[at] ?? {};
          const rate = rates[at];
          const note =
            rows === undefined
              ? 'part of the next'
              : `${exactCount(rows)} rows${rate === undefined ? '' : `, ${exactCount(Math.round(rate))}/s`}`;
          return (
            <g key={`${at} ${head}`} transform={`translate(${x + 1} ${y + 1})`}>
              <title>{[head, ...more].join('\n')}</title>
              <rect className={`plan-box${rows === undefined ? ' plan-part' : ''}`} width={boxWidth} height={boxHeight} rx={6} />
              <text className="plan-head" x={12} y={19}>
                {head}
              </text>
              <text className="plan-note" x={12} y={36}>
                {note}
              </text>
            </g>
          );
        })}
      </svg>
    </div>
  );
}
