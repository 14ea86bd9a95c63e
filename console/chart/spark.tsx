import './chart.css';

/** A line of the recent past without axes; the words beside it tell the numbers. */
export function Spark({ values, label }: { values: readonly number[]; label: string }) {
  if (values.length < 2) return null;
  const most = Math.max(...values, 1);
  const step = 200 / (values.length - 1);
  const points = values.map((value, index) => `${(index * step).toFixed(1)},${(32 - (value / most) * 29).toFixed(1)}`);
  return (
    <svg className="spark" viewBox="0 0 200 34" preserveAspectRatio="none" role="img" aria-label={label}>
      <polygon points={`0,34 ${points.join(' ')} 200,34`} className="spark-fill" />
      <polyline points={points.join(' ')} className="spark-line" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
