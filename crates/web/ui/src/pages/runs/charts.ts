// The charts of a run, in order.

import './en'

import { type Key, t } from '$lib/i18n'
import { metricTitle } from '$lib/metrics'

export interface Chart {
  title: string
  /** The metrics it shows. */
  names: string[]
}
export interface ChartGroup {
  title: string
  charts: Chart[]
}

type TitleKey = Extract<Key, `chart.${string}` | `charts.${string}`>

const GROUPS: { title: TitleKey; charts: (string | { title: TitleKey; names: string[] })[] }[] = [
  { title: 'charts.score', charts: ['validation_distance', 'validation_fullband_distance'] },
  {
    title: 'charts.play',
    charts: [
      { title: 'chart.reward', names: ['rollout/ep_rew_mean', 'eval/mean_reward'] },
      { title: 'chart.episodeLength', names: ['rollout/ep_len_mean', 'eval/mean_ep_length'] },
      'rollout/exploration_rate',
      'time/episodes',
    ],
  },
  {
    title: 'charts.policy',
    charts: [
      'train/loss',
      'train/policy_gradient_loss',
      'train/value_loss',
      'train/entropy_loss',
      'train/explained_variance',
      'train/approx_kl',
      'train/clip_fraction',
      'train/clip_range',
      'train/learning_rate',
      'train/n_updates',
    ],
  },
  {
    title: 'charts.reconstruction',
    charts: ['loss_total', 'multiband_spectral_distance', 'fullband_spectral_distance', 'regularization'],
  },
  {
    title: 'charts.adversarial',
    charts: ['loss_dis', { title: 'chart.judgement', names: ['pred_real', 'pred_fake'] }, 'feature_matching', 'adversarial'],
  },
  {
    title: 'charts.latent',
    charts: [
      'latent_active',
      { title: 'chart.fidelity', names: ['latent_fidelity_0.8', 'latent_fidelity_0.9', 'latent_fidelity_0.95', 'latent_fidelity_0.99'] },
      'codebook_usage',
      'codebook_perplexity',
      'codes_revived',
    ],
  },
  {
    title: 'charts.schedule',
    charts: [{ title: 'chart.rates', names: ['learning_rate', 'learning_rate_discriminator'] }, 'beta_factor', 'grad_norm', 'loss_scale', 'steps_per_sec'],
  },
]

/** Charts for the metrics that a run has reported; unknown metrics come last. */
export function chartsOf(reported: string[]): ChartGroup[] {
  const left = new Set(reported)
  const take = (names: string[]) => names.filter((name) => left.delete(name))
  const groups = GROUPS.map(({ title, charts }) => ({
    title: t(title),
    charts: charts
      .map((chart) => (typeof chart === 'string' ? { title: metricTitle(chart), names: take([chart]) } : { title: t(chart.title), names: take(chart.names) }))
      .filter((chart) => chart.names.length > 0),
  }))
  const others = { title: t('charts.other'), charts: [...left].map((name) => ({ title: metricTitle(name), names: [name] })) }
  return [...groups, others].filter((group) => group.charts.length > 0)
}
