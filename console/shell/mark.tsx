const ticks = Array.from({ length: 16 }, (_, index) => index * 22.5);

/** The mark: sixteen strokes around one centre, growing by four. */
export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" stroke="currentColor" strokeWidth="2.1" strokeLinecap="round" aria-hidden="true" focusable="false" className="mark">
      {ticks.map((angle, index) => <path key={angle} d={`M16 ${[7.2, 6, 4.4, 2.4][index % 4]}V9.6`} transform={`rotate(${angle} 16 16)`} />)}
      <circle cx="16" cy="16" r="1.6" fill="currentColor" stroke="none" />
    </svg>
  );
}
