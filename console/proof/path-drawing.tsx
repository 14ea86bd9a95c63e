import { toHex } from './byte.ts';
import type { CheckedProof } from './check.ts';
import './proof.css';

const [boxWidth, boxHeight, gap] = [132, 30, 34];
const [leftX, rightX] = [10, 238];
const width = rightX + boxWidth + 10;
const middleX = (width - boxWidth) / 2;

type Place = { readonly x: number; readonly y: number };

/** The path from a record to the root: what was given is outlined, what this browser made of it is filled. */
export function PathDrawing({ proof }: { proof: CheckedProof }) {
  const { steps } = proof;
  const height = (steps.length + 1) * (boxHeight + gap) - gap + 20;
  const yOf = (level: number) => height - 10 - boxHeight - level * (boxHeight + gap);
  const pathAt = (level: number): Place => {
    const step = steps[level];
    return { x: step === undefined ? middleX : step.side === 'left' ? rightX : leftX, y: yOf(level) };
  };
  const made = [proof.leaf, ...steps.map((step) => step.made)];
  return (
    <svg
      className="proof"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={`A path of ${steps.length} steps from record ${proof.header?.sequence ?? ''} to the root`}
    >
      {steps.map((step, level) => {
        const [path, up] = [pathAt(level), pathAt(level + 1)];
        const given = { x: step.side === 'left' ? leftX : rightX, y: yOf(level) };
        return (
          <g key={level}>
            <Line from={given} to={up} />
            <Line from={path} to={up} own />
            <Box at={given} text={toHex(step.given)} look="given" />
          </g>
        );
      })}
      {made.map((hash, level) => (
        <Box
          key={level}
          at={pathAt(level)}
          text={toHex(hash)}
          look={level < steps.length ? 'made' : proof.leads ? 'root' : 'wrong'}
          word={level === 0 && steps.length > 0 ? 'record' : level === steps.length ? 'root' : undefined}
        />
      ))}
    </svg>
  );
}

function Line({ from, to, own }: { from: Place; to: Place; own?: true }) {
  const [x, y] = [from.x + boxWidth / 2, from.y];
  const [upX, upY] = [to.x + boxWidth / 2, to.y + boxHeight];
  return (
    <path className={`proof-line${own ? ' proof-own' : ''}`} d={`M${x} ${y}C${x} ${y - gap / 2} ${upX} ${upY + gap / 2} ${upX} ${upY}`} />
  );
}

function Box({ at, text, look, word }: { at: Place; text: string; look: 'given' | 'made' | 'root' | 'wrong'; word?: string | undefined }) {
  return (
    <g className={`proof-${look}`}>
      <title>{text}</title>
      <rect x={at.x} y={at.y} width={boxWidth} height={boxHeight} rx="5" />
      <text x={at.x + boxWidth / 2} y={at.y + 19} textAnchor="middle">
        {word ? `${word} ${text.slice(0, 6)}…` : `${text.slice(0, 12)}…`}
      </text>
    </g>
  );
}
