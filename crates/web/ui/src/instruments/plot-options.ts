// Options that make uPlot draw our charts.

import uPlot from 'uplot'

import { locale } from '$lib/i18n'

import { roomAround } from './plot-range'
import { rangeWithoutOutliers } from './smoothing'
import { colour, isForced, smallTextSize } from './theme.svelte'

/** A step worth marking with a line, such as the start of a phase. */
export interface Marker {
  step: number
  label: string
}

/** One line of a chart. */
export interface Line {
  label: string
  /** A theme colour, such as `series-1`. */
  tone: string
  /** Whether it is drawn faintly, behind its smoothed version. */
  isFaint: boolean
}

export interface Drawing {
  width: number
  height: number
  lines: Line[]
  isLog: boolean
  ignoresOutliers: boolean
  /** Charts with the same key share their crosshair. */
  syncKey: string
  /** The visible steps, read at every redraw; all if undefined. */
  zoom: () => { min: number; max: number } | undefined
  markers: () => Marker[]
  onZoom: (min: number, max: number) => void
  onReset: () => void
  onCursor: (idx: number | undefined) => void
}

const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 2 })
const plain = new Intl.NumberFormat(locale, { maximumSignificantDigits: 4 })

export function plotOptions(drawing: Drawing): uPlot.Options {
  const size = smallTextSize()
  const axis = {
    stroke: colour('muted'),
    font: `${size}px system-ui, sans-serif`,
    // Where lines are as bright as text, a dotted grid does not hide the curves.
    grid: { stroke: colour('line'), width: 1, dash: colour('line') === colour('text') ? [1, 5] : [] },
    ticks: { show: false },
    gap: 4,
  }
  return {
    width: drawing.width,
    height: drawing.height,
    pxAlign: false,
    legend: { show: false },
    padding: [8, 12, 0, 0],
    cursor: {
      sync: { key: drawing.syncKey, scales: ['x', null], setSeries: false },
      points: { size: 6 },
      drag: { x: true, y: false, setScale: false },
      bind: { dblclick: () => () => (drawing.onReset(), null) },
    },
    scales: {
      x: { time: false, range: (_, least, most) => stretch(drawing.zoom(), least, most) },
      y: { distr: drawing.isLog ? 3 : 1, range: (u, least, most) => height(u, drawing, least, most) },
    },
    axes: [
      { ...axis, size: size * 2, values: (_, steps) => steps.map((s) => (s === null ? '' : compact.format(s))) },
      { ...axis, size: size * 4.5, values: (_, values) => values.map((v) => (v === null ? '' : valueText(v))) },
    ],
    series: [{}, ...drawing.lines.map(seriesOf)],
    hooks: {
      setCursor: [(u) => drawing.onCursor(u.cursor.idx ?? undefined)],
      setSelect: [(u) => selected(u, drawing.onZoom)],
      draw: [(u) => drawMarkers(u, drawing.markers())],
    },
  }
}

/** A label of the value axis, short enough to fit. */
function valueText(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && size < 1e-3) return value.toExponential(1).replace('.0e', 'e')
  return size >= 10_000 ? compact.format(value) : plain.format(value)
}

function seriesOf({ label, tone, isFaint }: Line): uPlot.Series {
  return {
    label,
    stroke: colour(tone),
    width: 1.5,
    alpha: isFaint ? 0.35 : 1,
    dash: isForced() && tone !== 'series-1' ? [4, 4] : [],
    spanGaps: true,
    points: { show: (_u, _i, first, last) => last - first < 3 },
  }
}

function stretch(zoom: { min: number; max: number } | undefined, least: number, most: number): [number, number] {
  if (zoom) return [zoom.min, zoom.max]
  return roomAround(least, most)
}

/** The share of values that may be cut off when outliers are ignored. */
const OUTLIERS = 0.02

function height(u: uPlot, { isLog, ignoresOutliers, zoom }: Drawing, least: number | null, most: number | null): uPlot.Range.MinMax {
  if (least === null || most === null) return [null, null]
  const [min, max] = (ignoresOutliers && rangeWithoutOutliers(valuesWithin(u.data, zoom()), OUTLIERS)) || [least, most]
  if (isLog) return uPlot.rangeLog(min, max, 10, true)
  return max > min ? uPlot.rangeNum(min, max, 0.1, true) : roomAround(min, max)
}

function valuesWithin([steps, ...rows]: uPlot.AlignedData, zoom: { min: number; max: number } | undefined): number[] {
  const isIn = (step: number) => !zoom || (step >= zoom.min && step <= zoom.max)
  return rows.flatMap((row) => Array.from(row).filter((v, i): v is number => typeof v === 'number' && isIn(steps[i]!)))
}

function selected(u: uPlot, onZoom: Drawing['onZoom']) {
  if (u.select.width < 4) return
  onZoom(u.posToVal(u.select.left, 'x'), u.posToVal(u.select.left + u.select.width, 'x'))
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
}

function drawMarkers(u: uPlot, markers: Marker[]) {
  const { ctx, bbox } = u
  const ratio = devicePixelRatio || 1
  ctx.save()
  ctx.strokeStyle = ctx.fillStyle = colour('warn')
  ctx.font = `${smallTextSize() * ratio}px system-ui, sans-serif`
  ctx.setLineDash([4 * ratio, 4 * ratio])
  ctx.lineWidth = ratio
  for (const { step, label } of markers) {
    const x = u.valToPos(step, 'x', true)
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    const isNearEnd = x > bbox.left + bbox.width * 0.8
    ctx.textAlign = isNearEnd ? 'right' : 'left'
    ctx.fillText(label, x + (isNearEnd ? -4 : 4) * ratio, bbox.top + 12 * ratio)
  }
  ctx.restore()
}
