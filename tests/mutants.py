"""Faults made by hand, each killed by a fast test: proof that the tests bite.

    python tests/mutants.py            all of them, one at a time, in a copy of the repository
    python tests/mutants.py penalty    those whose name contains a word

A fault is one replacement in one source file. The run fails where a test does not notice its fault, or fails without it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
LS, LAWS, LIM, DET, CONF, SYM, BUDGET, COVER = (
    f"tests/laws/test_{name}.py" for name in ("least_squares", "local_laws", "limits", "determinism", "conformance", "symmetries", "budget", "coverage")
)
LIME = "tests/lime_parity/test_given_neighborhood.py"
SHIM = "tests/lime_shim"
MASKS = "tests/engines/masks"
JOINT, OFF = (f"tests/neighborhoods/test_{name}.py" for name in ("joint_laws", "off_manifold"))
BALANCE, ONCE, COLUMNS = (f"tests/laws/test_{name}.py" for name in ("balance", "rows_asked_once", "columns_proxy"))


@dataclass(frozen=True)
class Mutant:
    """In ``path`` (under src/kabosu) ``old``, which stands there once, becomes ``new``; ``test`` must fail."""

    name: str
    path: str
    old: str
    new: str
    test: str


MUTANTS = (
    Mutant("covariance not centered", "moments.py", "return np.subtract(self.gram[..., 1:, 1:], out, out=out)", "return self.gram[..., 1:, 1:] + 0 * out", f"{LS}::test_ridge_is_scikit_learns"),
    Mutant("a kept word's own share of TF-IDF forgotten", "engines/normed.py", "(along * value + own * slope)", "(own * slope)", "tests/engines/masks/test_normed_words.py::test_moments_are_sums_over_all_masks"),
    Mutant("effective size without its square", "moments.py", "self.weight.sum(1) ** 2 / self.weight2", "self.weight.sum(1) / self.weight2", f"{LS}::test_effective_sample_size_is_kishs"),
    Mutant("held-out draws are seen", "moments.py", "return Moments(pooled.gram - self.gram, pooled.cross - self.cross,", "return Moments(pooled.gram + 0 * self.gram, pooled.cross + 0 * self.cross,", f"{LS}::test_held_out_fidelity_is_an_explicit_refit_without_each_fold"),
    Mutant("folds are blocks", "moments.py", ".reshape(*values.shape[:2], whole, turns).swapaxes(2, 3)", ".reshape(*values.shape[:2], turns, whole)", f"{LS}::test_replicate_errors_have_the_replicates_as_clusters"),
    Mutant("sum of answers squared without weights", "moments.py", "_folded(Y.swapaxes(1, 2), root, cuts)", "_folded(Y.swapaxes(1, 2), root**0, cuts)", f"{LS}::test_ridge_is_scikit_learns"),
    Mutant("weights read as precisions", "surrogates/errorbars.py", ") * w[:, None]).swapaxes(1, 2)", ") * np.sqrt(w[:, None])).swapaxes(1, 2)", f"{LS}::test_coefficients_and_errors_are_right_on_500_designs"),
    Mutant("no small-sample factor", "surrogates/errorbars.py", "(s / max(s - p - 1, 1))", "1.0", f"{LS}::test_coefficients_and_errors_are_right_on_500_designs"),
    Mutant("no factor for few replicates", "surrogates/errorbars.py", "(R / (R - 1))", "1.0", f"{LS}::test_coefficients_and_errors_are_right_on_500_designs"),
    Mutant("blind to few deciding draws", "surrogates/errorbars.py", "variance = concentration.sum(axis=(1, 2)) / counted", "variance = 0 * concentration.sum(axis=(1, 2))", f"{LS}::test_degrees_of_freedom_see_that_few_draws_decide"),
    Mutant("eight clusters whatever the replicates", "moments.py", "return replicates * max(1, FOLDS // replicates) if replicates else FOLDS", "return FOLDS", f"{LS}::test_replicate_errors_have_the_replicates_as_clusters"),
    Mutant("folds of a scramble by turns", "moments.py", "    turns = replicates or folds\n", "    turns = folds\n", "tests/diagnostics/test_held_out.py::test_folds_of_a_scramble_follow_one_another"),
    Mutant("masks asked again", "domains/masks.py", "return np.array([first]) if len(seen) < len(first) else None", "return None", "tests/laws/test_rows_asked_once.py::test_no_mask_is_asked_twice[kabosu-image]"),
    Mutant("penalty per weight and per fit swapped", "surrogates/ridge.py", 'if self.per == "weight" else', 'if self.per == "fit" else', f"{LS}::test_ridge_is_scikit_learns"),
    Mutant("normal equations whatever the condition", "surrogates/ridge.py", "STEEP = 1e4", "STEEP = 1e40", f"{LS}::test_coefficients_and_errors_are_right_on_500_designs"),
    Mutant("residuals far from the origin", "surrogates/problems.py", "return Z - origin[:, None] if origin.any() else Z", "return Z", "tests/laws/test_symmetries.py::test_where_coordinates_are_counted_from_does_not_matter"),
    Mutant("intercept of the penalty", "surrogates/ridge.py", "local = pooled.level[:, 0] - np.einsum", "local = pooled.level[:, 0] - 0.99 * np.einsum", f"{LS}::test_ridge_is_scikit_learns"),
    Mutant("forward selection by covariance", "surrogates/select.py", "c**2 / np.where(v > 0, v, 1.0)", "c**2", f"{LIME}::test_surrogate_is_limes"),
    Mutant("forward selection without residuals", "surrogates/select.py", "        v = v - u**2\n", "", f"{LIME}::test_correlated_neighborhoods"),
    Mutant("auto selection changes at 3", "surrogates/select.py", "if self.K <= 6", "if self.K <= 3", f"{LIME}::test_many_instances_at_once_are_each_limes"),
    Mutant("highest weights without the instance", "surrogates/select.py", "np.broadcast_to(origin, (len(covariance), origin.shape[1]))[..., None])", "1.0)", f"{LIME}::test_surrogate_is_limes"),
    Mutant("lasso with squared weights", "surrogates/select.py", "root = np.sqrt(w)", "root = w", f"{LIME}::test_surrogate_is_limes"),
    Mutant("copula not tilted in its own directions", "domains/copula.py", "self.values / (1 + self.precision * self.values)", "self.values / (1 + self.precision)", f"{JOINT}::test_scores_follow_math_2c"),
    Mutant("ties attenuate correlations", "domains/copula.py", "r = product / np.maximum(np.outer(variance, variance), 1e-12)", "r = product", f"{JOINT}::test_correlations_are_the_sources_through_any_monotone_map_and_cut"),
    Mutant("levels in alphabetical order", "domains/margins.py", "order = np.concatenate([self.order,", "order = np.concatenate([np.arange(len(self.order)),", f"{JOINT}::test_what_moves_together_is_drawn_together"),
    Mutant("rows weighed without their jitter", "domains/nearest.py", "/ (1 + t * h2) - 0.5 * np.log1p", "- 0.5 * np.log1p", f"{JOINT}::test_the_local_law_of_jittered_rows_is_the_weighted_mixture"),
    Mutant("fresh points from the attempt alone", "domains/constrained.py", "_mixed(state ^ np.ascontiguousarray(u[:, j]).view(np.uint64))", "_mixed(state)", "tests/neighborhoods/test_rules_and_generators.py::test_fresh_points_are_uniform_and_not_the_old_ones"),
    Mutant("observed rows asked for nothing", "engines/rows.py", "calls[: len(Y)] += cells[0].shape[1]", "calls[: len(Y)] += 0", f"{JOINT}::test_observed_rows_are_asked_once"),
    Mutant("kernel as in the paper, not the code", "kernels/exponential.py", "return -0.5 * (", "return -1.0 * (", f"{LIME}::test_the_kernel_is_limes"),
    Mutant("default width without 0.75", "kernels/exponential.py", "0.75 * sqrt(p)", "1.0 * sqrt(p)", f"{LIME}::test_the_kernel_is_limes"),
    Mutant("levels tilted twice", "domains/laws.py", "- 0.5 * precision * (", "- 1.0 * precision * (", f"{LAWS}::test_levels"),
    Mutant("normal not pulled to the instance", "domains/laws.py", "own * t / (1 + t), float", "0 * own * t / (1 + t), float", f"{LAWS}::test_the_normal_law_is_its_formula"),
    Mutant("normal shrunk twice", "domains/laws.py", "float(np.sqrt(1 / (1 + t)))", "float(1 / (1 + t))", f"{LAWS}::test_the_normal_law_is_its_formula"),
    Mutant("missing is as near as the instance", "domains/laws.py", "np.where(np.isnan(z), ~lost,", "np.where(np.isnan(z), lost,", f"{LAWS}::test_numbers"),
    Mutant("integers are not whole", "domains/laws.py", "base + np.rint(center[:, None] - base + self.scale * z)", "base + (center[:, None] - base + self.scale * z)", f"{LAWS}::test_both_readings_of_a_draw_agree"),
    Mutant("an unseen level has all the mass of one in two", "domains/units.py", "1 / self.rows, rates)", "1.0, rates)", f"{LAWS}::test_an_unseen_level_counts_as_one_more_row"),
    Mutant("integers shifted by a half", "domains/units.py", "ndtr((grid + 0.5 - center[:, None]) / self.scale) -", "ndtr((grid + 1.0 - center[:, None]) / self.scale) -", f"{LAWS}::test_numbers"),
    Mutant("bins cut off at what was seen", "domains/bins.py", "(min(lo, part.min()), max(hi, part.max()))", "(part.min(), part.mean())", f"{LAWS}::test_bins"),
    Mutant("all instances read the same rows", "domains/tabular.py", "all(law.alike for law in self.laws) and all(map(described.equal, self.fixed.values()))", "True", "tests/domains/test_shared_rows.py::test_draws_around_the_instance_are_its_own"),
    Mutant("columns that are not drawn are shared", "domains/tabular.py", " and all(map(described.equal, self.fixed.values()))", "", "tests/domains/test_shared_rows.py::test_columns_that_are_not_drawn_are_the_instances_own"),
    Mutant("unseen levels shared by the block", "domains/tabular.py", "if not alone.any():", "if True:", f"{DET}::test_a_row_with_an_unseen_level_changes_no_other"),
    Mutant("replicates repeat one scramble", "samplers/quasi.py", "default_rng([seed, r])", "default_rng([seed, 0])", f"{CONF}::test_samplers_conform"),
    Mutant("chunks repeat", "samplers/plain.py", "default_rng([seed, i])", "default_rng([seed])", f"{CONF}::test_samplers_conform"),
    Mutant("deaf to the seed", "samplers/plain.py", "default_rng([seed, i])", "default_rng([0, i])", f"{CONF}::test_samplers_conform"),
    Mutant("shifted by another answer", "explain.py", ".shifted(around)", ".shifted(neighborhood.prediction)", f"{LIM}::test_a_linear_model_is_its_own_explanation"),
    Mutant("tilt forgotten when weighing", "explain.py", "log - log_weights(tilt, *neighborhood.seen) + ratio", "log + ratio", f"{LIM}::test_a_neighborhood_can_be_fitted_with_another_kernel"),
    Mutant("balanced draws of equal weight", "explain.py", "neighborhood.Z.shape[1])) + ratio", "neighborhood.Z.shape[1]))", f"{BALANCE}::test_rare_levels_err_less_and_intervals_hold"),
    Mutant("every level at its own rate", "domains/balance.py", "factor = np.sqrt(gain", "factor = 1.0 + 0 * np.sqrt(gain", f"{BALANCE}::test_no_other_probabilities_leave_a_smaller_error"),
    Mutant("coefficients in standard deviations", "blocks.py", "coef = fitted.coef / scale[..., None]", "coef = fitted.coef * 1.0", f"{LIM}::test_a_linear_model_is_its_own_explanation"),
    Mutant("answers relative to the instance's own", "explain.py", "around = neighborhood.Y[np.arange(len(neighborhood.Y)), w.argmax(axis=1)]", "around = neighborhood.prediction", f"{DET}::test_coefficients_of_real_models_do_not_depend_on_the_block"),
    Mutant("the instance is not counted", "engines/sampled.py", "1 + hood.rows_asked[ended]", "hood.rows_asked[ended]", f"{BUDGET}::test_rows_are_counted_and_within_the_budget"),
    Mutant("budget overspent by the instance", "engines/sampled.py", "(recipe.budget - 1) // step * step", "(recipe.budget + step) // step * step", f"{BUDGET}::test_a_budget_is_nearly_used_where_the_tolerance_is_not_met"),
    Mutant("intervals of 90%", "fits.py", "upper = 0.5 + level / 2", "upper = level", f"{COVER}::test_intervals_cover_quickly"),
    Mutant("torn words take their first region", "domains/blend.py", "if len(torn):", "if False:", "tests/image/test_images.py::test_blending_is_choosing"),
    Mutant("masks that overlap keep what any keeps", "domains/blend.py", "~((~masks).astype", "((masks).astype", "tests/image/test_images.py::test_masks_may_overlap"),
    Mutant("one donor for all draws", "domains/varied.py", "draws[0, :, -1])", "draws[0, :, -1] * 0 + 0.5)", "tests/series/test_series.py::test_swapping_explains_the_mean_over_donors"),
    Mutant("the donor goes with the number kept", "spaces.py", "self.masks.read(points[:, :-1]), points[:, -1]", "self.masks.read(points[:, :-1]), points[:, 0]", "tests/series/test_series.py::test_swapping_explains_the_mean_over_donors"),
    Mutant("a batch of one is halved", "responders/arrays.py", "if length(rows) < 2 or not out_of_memory(e):", "if not out_of_memory(e):", "tests/image/test_networks.py::test_out_of_memory_halves_the_batch"),
    Mutant("always the first row of the background", "domains/mixed.py", "n, donor)) for", "n, donor * 0)) for", "tests/mixed/test_mixed.py::test_hidden_columns_come_from_one_row"),
    Mutant("blue lowers", "plots/paint.py", "strength[..., None] >= 0", "strength[..., None] <= 0", "tests/image/test_pictures.py::test_colors_say_sign_and_size"),
    Mutant("the level of a series is not kept", "domains/series_fills.py", "turns[0] = 0.0", "turns[0] = 1.0", "tests/series/test_series.py::test_frequencies_keep_their_power"),
    Mutant("missing follows the left", "engines/boxes.py", "if missing_left[parent] != goes_left:", "if missing_left[parent] != goes_left and d > 2:", "tests/engines/tree/test_every_family.py::test_equals_the_sum_over_all_cells"),
    Mutant("a split forgets the bins below", "engines/boxes.py", "_mix(1.0, share[v], Q[u", "_mix(0.0, share[v], Q[u", "tests/engines/tree/test_every_family.py::test_equals_the_sum_over_all_cells"),
    Mutant("pairs of boxes that were split again", "engines/pairs.py", "covered[above[path[e]]] = 1", "covered[above[path[e]]] = 0", "tests/engines/tree/test_pairs.py::test_drawn_ones_are_near_the_exact_ones"),
    Mutant("pairs in units of one feature", "interactions.py", "own = labels.scale[0, i] * labels.scale[0, j]", "own = labels.scale[0, i] + 0 * labels.scale[0, j]", "tests/engines/tree/test_pairs.py::test_a_product_is_found_and_a_sum_has_none"),
    Mutant("the proxy is fitted on the draws it adjusts", "engines/proxy.py", "others, q = moments.without()", "others, q = moments", "tests/engines/test_margin_proxy.py::test_unbiased_and_nearer_at_equal_calls"),
    Mutant("the proxy is counted twice", "engines/proxy.py", "part.coef + exact.coef @ mean_b", "part.coef + 2 * (exact.coef @ mean_b)", "tests/engines/test_margin_proxy.py::test_unbiased_and_nearer_at_equal_calls"),
    Mutant("curves bend freely", "surrogates/additive.py", "D /= np.sqrt((h[:-1] + h[1:]) / 2)[:, None]", "D /= np.sqrt(h[:-1] + h[1:])[:, None]", "tests/engines/test_additive_surrogate.py::test_the_curves_are_penalized_least_squares"),
    Mutant("curves are held without a band", "surrogates/additive.py", "np.concatenate([drawn, held.T[..., None] * noise])", "drawn", "tests/engines/test_additive_surrogate.py::test_bands_cover_a_smooth_additive_model"),
    Mutant("lime's first row is not centered", "engines/exact.py", "a0 = _with_one(local.origin - means.center)", "a0 = _with_one(local.origin)", "tests/engines/tree/test_lime_mean.py::test_the_first_row_and_the_penalty_are_in_the_normal_equations"),
    Mutant("tolerance of a standard error", "fits.py", "fitted.half_width(), 0.0).max(axis=1)", "fitted.std_error, 0.0).max(axis=1)", f"{BUDGET}::test_a_met_tolerance_is_met_and_ends_the_draws"),
    Mutant("parts: gone ones count as any other", "engines/kept.py", "cross[list(gone)] -= more * value", "cross[list(gone)] -= 0 * value", f"{MASKS}/test_exact_masks.py::test_words_equal_the_sum_over_all_masks"),
    Mutant("parts: covariances forgotten", "engines/masks.py", "along = a + p * b", "along = a + b", f"{MASKS}/test_exact_masks.py::test_all_masks_equal_the_sum_written_out"),
    Mutant("parts: all masks as likely", "engines/masks.py", "(counts / comb(p, np.arange(p + 1)))[masks.sum(axis=1)]", "np.full(2**p, 2.0**-p)", f"{MASKS}/test_exact_masks.py::test_all_masks_equal_the_sum_written_out"),
    Mutant("parts: pairs with themselves", "domains/masks.py", "kept * (kept - 1.0)", "kept * (kept - 0.0)", f"{MASKS}/test_exact_masks.py::test_all_masks_equal_the_sum_written_out"),
    Mutant("parts: proxies see what they predict", "engines/parts_proxy.py", "np.linalg.solve(inverse[np.ix_(fold, fold)], alpha[fold])", "(0.9 * np.linalg.solve(inverse[np.ix_(fold, fold)], alpha[fold]))", f"{MASKS}/test_parts_proxy.py::test_every_draw_is_predicted_by_a_process_that_has_not_seen_its_replicate"),
    Mutant("parts: shared ones counted twice", "engines/parts_proxy.py", "outside += mass @ (c - np.arange(p + 1))", "outside += mass @ np.arange(p + 1)", f"{MASKS}/test_parts_proxy.py::test_limit_of_a_process_is_the_sum_over_all_masks"),
    Mutant("parts: cubics see what they predict", "engines/index_proxy.py", "learned = [(fold != r) &", "learned = [(fold < 99) &", f"{MASKS}/test_index_proxy.py::test_draws_are_predicted_by_cubics_that_have_not_seen_their_replicates"),
    Mutant("parts: cubes without the pairs of others", "engines/cubic.py", "3 * E(P3) * (T1 * T2 - T3)", "3 * E(P3) * (T1 * T2 + T3)", f"{MASKS}/test_index_proxy.py::test_limit_of_each_term_is_the_sum_over_all_masks"),
    Mutant("parts: limits of cubics forgotten", "engines/index_proxy.py", " - (asked - law.center) @ (slope @ theta)", "", f"{MASKS}/test_index_proxy.py::test_what_is_taken_off_has_no_limit_of_its_own"),
    Mutant("parts: cubics where plain draws do", "engines/index_proxy.py", "for factor in RULES.values()], axis=0) <= 1", "for factor in RULES.values()], axis=0) <= 0", f"{MASKS}/test_index_proxy.py::test_plain_draws_that_do_are_left_alone"),
    Mutant("parts: halfway without the kernel's mean", "kernels/halfway.py", " - self.log_total, 0.0)", ", 0.0)", f"{MASKS}/test_parts_proxy.py::test_halfway_is_the_even_mixture"),
    Mutant("parts: ties keep too many", "spaces.py", "np.flatnonzero(masks.sum(axis=1) != kept)", "np.flatnonzero(kept < 0)", "tests/laws/test_wide_least_squares.py::test_masks_of_equal_numbers_still_keep_as_many_as_they_should"),
    Mutant("parts: folds of many features are seen", "surrogates/ridge.py", "_solved(pooled - fold, ridge)", "_solved(pooled, ridge)", "tests/laws/test_wide_least_squares.py::test_the_same_fit_whichever_way"),
    Mutant("parts: only the first place of a word", "domains/text.py", "masks[:, self.owner])", "masks[:, self.owner] | (np.diff(self.owner, prepend=-1) < 1))", "tests/text/test_units_and_fills.py::test_together_and_apart"),
    Mutant("parts: the beginning of the text lost", "domains/text_fills.py", "head = text[: pieces[0][0]]\n", 'head = ""\n', "tests/text/test_units_and_fills.py::test_same_words_as_lime"),
    Mutant("parts: the beginning lost before words of a corpus", "domains/text_fills.py", "return [text[: pieces[0][0]], *", 'return ["", *', "tests/text/test_units_and_fills.py::test_words_of_a_corpus_come_with_their_frequency"),
    Mutant("parts: colors the wrong way round", "report/marked.py", '"p" if coef[j] > 0 else "n"', '"n" if coef[j] > 0 else "p"', "tests/report/test_text_page.py::test_units_are_marked_by_sign_and_size"),
    Mutant("parts: the least worthy divided", "coarse.py", "np.argsort(-np.where(self.lengths > 1, worth, -1.0)", "np.argsort(np.where(self.lengths > 1, worth, -1.0)", "tests/text/test_long_texts.py::test_stretches_cover_everything_and_are_divided_where_it_is_worth_it"),
    Mutant("shim draws bins after numbers", "lime/tables.py", "numbers = [neighbors.drawn(self.feature_frequencies[j], n, self.random_state) for j in range(d)]", "numbers = [neighbors.drawn(self.feature_frequencies[j], n, self.random_state) for j in reversed(range(d))][::-1]", f"{SHIM}/test_tabular.py::test_same_rows_and_numbers"),
    Mutant("shim penalty per weight", "lime/sums.py", "self._ridge(pick, 1.0, ", "self._ridge(pick, self.moments.weight[0, 0], ", f"{SHIM}/test_tabular.py::test_a_stream_of_explanations"),
    Mutant("shim point masses always 0", "lime/discretize.py", 'value = mean + low * std if "point_mass" in self.mended else low', "value = low", f"{SHIM}/test_faults.py::test_bins_of_one_value"),
    Mutant("shim quantiles by logaddexp", "lime/truncated.py", "np.log1p(np.exp(gap, out=gap), out=gap)", "np.logaddexp(0.0, gap, out=gap)", f"{SHIM}/test_faults.py::test_truncated_normals_are_scipys"),
    Mutant("shim words with replacement", "lime/lime_text.py", "places = shuffled(cells[: len(block)], random_state)", "places = random_state.randint(0, d, (len(block), d)) + cells[: len(block), :1]", f"{SHIM}/test_text.py::test_same_texts_and_numbers"),
    Mutant("shim hides what it should show", "lime/hiding.py", "turned[:, : self.d][masks == 0] = 0", "turned[:, : self.d][masks == 1] = 0", f"{SHIM}/test_image.py::test_same_images_and_numbers"),
    Mutant("shim superpixels from 1", "lime/lime_image.py", 'if "segments" in self.mended:', "if False:", f"{SHIM}/test_image.py::test_the_last_segment_of_slic"),
    Mutant("shim picks the first of ties", "lime/submodular_pick.py", "best = max(best, (reached, i))", "best = (reached, i) if reached > best[0] else best", f"{SHIM}/test_submodular_picks.py::test_limes_picks"),
    Mutant("shim stops looking early", "lime/submodular_pick.py", ">= best[0] - total - slack", ">= np.inf", f"{SHIM}/test_submodular_picks.py::test_lazy_is_greedy"),
    Mutant("shim rewrites what is no import", "lime/migrate.py", "elif bound and isinstance(node, ast.Name)", "elif isinstance(node, ast.Name)", f"{SHIM}/test_migrate.py::test_what_is_no_import_stays"),
    Mutant("shim pages without escaping", "lime/page.py", "autoescape=True", "autoescape=False", f"{SHIM}/test_more.py::test_pages"),
    Mutant("shim errors of other samples", "lime/evidence.py", "return np.ascontiguousarray(rows, dtype=np.float64)", "return np.ascontiguousarray(rows, dtype=np.float64)[::-1]", f"{SHIM}/test_more.py::test_errors_and_evidence"),
    Mutant("shim sparse columns multiplied", "lime/tables.py", '1 / self.scaler.scale_ if "sparse_scaling" in self.mended else self.scaler.scale_', "self.scaler.scale_", f"{SHIM}/test_faults.py::test_sparse_columns_are_divided_by_their_scale"),
    Mutant("the same coordinates in every scramble", "samplers/quasi.py", "space.read(_dealt(_by_turns(m, R, n, seed), R, seed))", "space.read(_by_turns(m, R, n, seed))", "tests/laws/test_coverage.py::test_intervals_of_each_coefficient_cover"),
    Mutant("a width path with errors of independent draws", "widths.py", "recipe.surrogate, replicates), hood", "recipe.surrogate, 0), hood", "tests/laws/test_widths.py::test_every_width_has_its_analytic_slope"),
    Mutant("correlated draws with the radius of independent ones", "blocks.py", "_or(effective_radius(representation, recipe.kernel, recipe.seed), ", "_or(None, ", "tests/neighborhoods/test_radius.py::test_of_correlated_normals_it_is_that_of_the_closed_form"),
    Mutant("errors are steadied by their plain mean", "surrogates/errorbars.py", "- digamma(d / 2) + np.log(d / 2), 0.0)", "+ 0 * digamma(d / 2), 0.0)", "tests/laws/test_least_squares.py::test_replicate_errors_have_the_replicates_as_clusters"),
    Mutant("folds of one scramble as replicates", "surrogates/errorbars.py", "score.reshape(len(score), -1, R, *score.shape[2:]).sum(axis=1)", "score.reshape(len(score), R, -1, *score.shape[2:]).sum(axis=2)", "tests/laws/test_least_squares.py::test_replicate_errors_have_the_replicates_as_clusters"),
    Mutant("rank confidence without the error of the lower", "diagnostics/ranking.py", "np.hypot(error[:, upper], error[:, lower])", "error[:, upper]", "tests/laws/test_order.py::test_two_features_have_the_probability_of_their_difference"),
    Mutant("rank confidence of the head only", "diagnostics/ranking.py", "for start in range(K, size.shape[1], step):", "for start in range(K, K, step):", "tests/laws/test_order.py::test_against_simulated_coefficients"),
    Mutant("rank confidence of pairs that share nothing", "diagnostics/ranking.py", "for i in range(K - 2, 0, -1):", "for i in range(0):", "tests/laws/test_order.py::test_against_simulated_coefficients"),
    Mutant("widths weighed without their normalizers", "kernels/width.py", "logs - np.array(log_normalizers(logs))[:, None]", "logs - 0 * np.array(log_normalizers(logs))[:, None]", "tests/laws/test_widths.py::test_every_width_has_its_analytic_slope"),
    Mutant("normalizers after one round", "kernels/width.py", "rounds: int = 200", "rounds: int = 1", "tests/laws/test_widths.py::test_normalizers_are_those_of_the_normal_law"),
    Mutant("auto follows rounding", "recipes.py", "ROUNDING = 1e-9", "ROUNDING = -1.0", "tests/laws/test_widths.py::test_a_line_through_rounding_is_no_reason_to_take_a_width"),
    Mutant("auto takes the narrowest", "recipes.py", 'return good[-1], f"the widest', 'return good[0], f"the widest', "tests/laws/test_widths.py::test_the_rule_by_itself"),
    Mutant("the proxy has seen what it predicts", "surrogates/proxy.py", "[learn(draws.only(fold != r), Y[fold != r, c]) for c in own]", "[learn(draws, Y[:, c]) for c in own]", "tests/laws/test_proxy.py::test_draws_are_predicted_by_proxies_that_have_not_seen_their_replicate"),
    Mutant("the limit of the proxy left out", "surrogates/proxy.py", " - line\n", "\n", "tests/laws/test_proxy.py::test_products_are_for_the_quadratic_proxy"),
    Mutant("vsi of the union", "diagnostics/stability.py", "(first[a] & first[b]).sum() / min(K", "(first[a] | first[b]).sum() / min(K", "tests/diagnostics/test_stability.py::test_indices_by_hand"),
    Mutant("csi of all pairs", "diagnostics/stability.py", "if first[a, j] and first[b, j]]", "]", "tests/diagnostics/test_stability.py::test_indices_by_hand"),
    Mutant("the method's variation is the model's", "diagnostics/stability.py", "total**2 - method**2", "total**2 - 0 * method**2", "tests/diagnostics/test_stability.py::test_the_error_of_few_draws_is_the_methods"),
    Mutant("deletion keeps the strongest", "diagnostics/faithfulness.py", "np.concatenate([~removed, removed])", "np.concatenate([removed, ~removed])", "tests/diagnostics/test_faithfulness.py::test_words_of_a_text"),
    Mutant("infidelity around the mean", "diagnostics/faithfulness.py", "- explanation.prediction[t]\n", "- hood.Y[0, :, 0].mean()\n", "tests/diagnostics/test_faithfulness.py::test_infidelity_of_a_line_and_a_parabola"),
    Mutant("allocation: draws weigh the other way", "domains/balance.py", "np.log(p[c]) - np.log(drawn[c])", "np.log(drawn[c]) - np.log(p[c])", f"{BALANCE}::test_balanced_draws_weighed_are_the_law"),
    Mutant("allocation: a unit is its own company", "domains/balance.py", "(reduce(np.add, share) - share)", "reduce(np.add, share)", f"{BALANCE}::test_no_other_probabilities_leave_a_smaller_error"),
    Mutant("allocation: the normal without its spread", "domains/balance.py", "away[:, 0, -1] += sd**2", "away[:, 0, -1] += 0 * sd**2", f"{BALANCE}::test_the_variance_is_that_of_the_components"),
    Mutant("allocation: own level and others swapped", "domains/balance.py", "factor[:, :1], factor[:, 1:2])", "factor[:, 1:2], factor[:, :1])", f"{BALANCE}::test_no_other_probabilities_leave_a_smaller_error"),
    Mutant("allocation: another width weighs twice", "kernels/balanced.py", "return log_weights(self.kernel, Z, origin)", "return 2 * log_weights(self.kernel, Z, origin)", f"{BALANCE}::test_draws_balanced_for_one_width_are_weighed_for_another"),
    Mutant("allocation: weights in logarithms", "kernels/balanced.py", "return np.exp(self.log(Z, origin))", "return self.log(Z, origin)", f"{BALANCE}::test_draws_balanced_for_one_width_are_weighed_for_another"),
    Mutant("radius about the training mean", "domains/reach.py", "away = Z - (w * Z).sum(axis=1, keepdims=True)", "away = Z", "tests/neighborhoods/test_radius.py::test_of_independent_normals_it_is_the_kernels"),
    Mutant("radius of observed rows unweighed", "domains/reach.py", "return Z, _weights(kernel, Z, representation.origin)\n    local", "return Z, np.ones((1, Z.shape[1]))\n    local", "tests/neighborhoods/test_radius.py::test_of_independent_normals_it_is_the_kernels"),
    Mutant("radius of one coordinate a unit", "domains/reach.py", "*(law.width for law", "*(1 for law", "tests/neighborhoods/test_radius.py::test_levels_and_whether_a_number_is_missing_do_not_count"),
    Mutant("radius of levels too", "domains/reach.py", " if isinstance(unit, Number)]", "]", "tests/neighborhoods/test_radius.py::test_levels_and_whether_a_number_is_missing_do_not_count"),
    Mutant("rows alike in their first column", "domains/balance.py", "rows = np.stack(cells, axis=1)", "rows = np.stack(cells[:1], axis=1)", f"{ONCE}::test_no_row_is_asked_twice_and_the_certificate_counts_them"),
    Mutant("known rows are those of this round", "explain.py", "np.concatenate([np.arange(start), start + new])", "np.concatenate([np.arange(start), new])", f"{ONCE}::test_no_row_is_asked_twice_and_the_certificate_counts_them"),
    Mutant("all instances repeat the rows of the first", "explain.py", "first[b], None if before", "first[0], None if before", f"{ONCE}::test_answers_are_those_of_asking_about_every_draw"),
    Mutant("repeated rows are counted", "explain.py", "(first[:, start:] == np.arange(start, stop)).sum(axis=1)", "(first[:, start:] >= 0).sum(axis=1)", f"{ONCE}::test_no_row_is_asked_twice_and_the_certificate_counts_them"),
    Mutant("parts: the worst penalty", "engines/index_proxy.py", "made[:, shares.argmin()]", "made[:, shares.argmax()]", f"{MASKS}/test_index_proxy.py::test_nearer_to_the_limit_and_its_errors_are_honest"),
    Mutant("parts: any gain is a gain", "engines/index_proxy.py", "if shares.min() < min(most[o], left[o]):", "if True:", f"{MASKS}/test_index_proxy.py::test_a_proxy_that_gains_less_than_a_tenth_is_left_out"),
    Mutant("parts: third moment of kept parts", "engines/cubic.py", "P1 - 3 * P2 + 2 * P3", "P1 - 3 * P2 + P3", f"{MASKS}/test_index_proxy.py::test_limit_of_each_term_is_the_sum_over_all_masks"),
    Mutant("parts: the index is not of variance 1", "engines/cubic.py", "max(a1 - a2, 0.0)", "max(a1, 0.0)", f"{MASKS}/test_index_proxy.py::test_limit_of_each_term_is_the_sum_over_all_masks"),
    Mutant("parts: the index along the other axis", "engines/cubic.py", "E(P1 * (P1 - P2)) * b[:, None]", "E(P1 * (P1 - P2)) * b", f"{MASKS}/test_index_proxy.py::test_limit_of_each_term_is_the_sum_over_all_masks"),
    Mutant("lengths: products without the other derivative", "engines/normed.py", "product(a[1], b[0], *more) + product(a[0], b[1], *more)", "product(a[1], b[0], *more)", f"{MASKS}/test_normed_words.py::test_moments_are_sums_over_all_masks"),
    Mutant("lengths: covariances not centered", "engines/normed.py", "kept - moments_of_kept(counts)[0] * mean", "kept", f"{MASKS}/test_normed_words.py::test_moments_are_sums_over_all_masks"),
    Mutant("lengths: nodes too far apart", "engines/normed.py", "STEP = 0.125", "STEP = 0.5", f"{MASKS}/test_normed_words.py::test_moments_are_sums_over_all_masks"),
    Mutant("shim variance for deviation", "lime/evidence.py", "answers.std(axis=0)", "answers.var(axis=0)", f"{SHIM}/test_beside_lime.py::test_evidence_of_samples_by_hand"),
    Mutant("shim errors without weights", "lime/evidence.py", "weights[None], Z[:1])", "weights[None] ** 0, Z[:1])", f"{SHIM}/test_beside_lime.py::test_evidence_of_samples_by_hand"),
    Mutant("shim unpacks the other way", "lime/evidence.py", "axis=self.axis, count", "axis=1 - self.axis, count", f"{SHIM}/test_beside_lime.py::test_evidence_of_samples_by_hand"),
    Mutant("shim masks counted from no word", "lime/sums.py", "(~Z[at].T, -root[at])", "(~Z[at].T, root[at])", f"{SHIM}/test_beside_lime.py::test_moments_around_the_first"),
    Mutant("shim sums of the last block", "lime/sums.py", "sums += A @ A.T", "sums = A @ A.T", f"{SHIM}/test_beside_lime.py::test_moments_around_the_first"),
    Mutant("shim picks from single precision alone", "lime/sums.py", "        coef += step\n", "", f"{SHIM}/test_single_precision.py::test_are_those_of_double_precision"),
    Mutant("shim normals in the other order", "lime/polar.py", "points.imag, factor", "points.real, factor", f"{SHIM}/test_polar.py::test_draws_of_the_old_generator"),
    Mutant("shim digits lost unnoticed", "lime/sums.py", "unsafe = bool(", "unsafe = False and bool(", f"{SHIM}/test_beside_lime.py::test_far_and_large_columns"),
    Mutant("the classifier has seen what it judges", "diagnostics/manifold.py", "rows[first[~held]], rows[first[held]]", "rows[first], rows[first[held]]", f"{OFF}::test_a_copula_of_data_of_a_copula_is_not_told_apart_and_independent_columns_are"),
    Mutant("the cut at the other end of the real rows", "diagnostics/manifold.py", "1 - FALSE_ALARMS", "FALSE_ALARMS", f"{OFF}::test_real_rows_are_not_told_apart_however_often_they_are_drawn"),
    Mutant("off the manifold where both say so", "diagnostics/manifold.py", "share > TOLD_APART or self.auc", "share > TOLD_APART and self.auc", "tests/diagnostics/test_detector.py::test_either_is_enough_for_the_flag"),
    Mutant("draws judged without their weights", "diagnostics/manifold.py", "np.exp(log - log.max(axis=1, keepdims=True)), axis=1)", "np.exp(0 * log), axis=1)", "tests/diagnostics/test_detector.py::test_draws_are_rows_of_the_local_law_whether_drawn_or_weighed"),
    Mutant("unknown levels are the commonest", "diagnostics/manifold.py", "code.get(v, MOST_LEVELS)", "code.get(v, 0)", "tests/diagnostics/test_detector.py::test_levels_without_a_code_are_among_the_rare"),
    Mutant("gap relative to nothing", "diagnostics/flags.py", "max(GAP, (p / 2) ** 0.5) * s.spread", "0 * s.spread", "tests/bad_inputs/test_flags.py::test_thresholds"),
    Mutant("columns: a cube of independent parts", "engines/columns.py", "b**3 * tail + 3 * b * (b @ b - b**2)", "b**3 * tail + 3 * b * (b @ b)", f"{COLUMNS}::test_limits_of_the_cubic_are_sums_over_the_law"),
    Mutant("columns: skewed parts are straight", "engines/columns.py", "np.diag(b * skew)[:, own]", "np.diag(0 * b * skew)[:, own]", f"{COLUMNS}::test_limits_of_the_cubic_are_sums_over_the_law"),
    Mutant("columns: kurtosis of a normal for all", "engines/columns.py", "np.diag(b**2 * (tail - 3) + b @ b)", "np.diag(0 * tail + b @ b)", f"{COLUMNS}::test_limits_of_the_cubic_are_sums_over_the_law"),
    Mutant("columns: components without their spread", "engines/columns.py", "share @ ((place - mean) ** 2 + width**2)", "share @ ((place - mean) ** 2)", f"{COLUMNS}::test_coordinates_are_standardized_by_their_law"),
    Mutant("columns: half of the step", "engines/columns.py", "wave[0] /= 2", "wave[0] /= 1", f"{COLUMNS}::test_limit_of_the_logistic_line_is_the_sum_over_the_law"),
    Mutant("columns: the normal's own slope", "engines/columns.py", "(self.place + 1j * at * self.width**2)", "self.place", f"{COLUMNS}::test_limit_of_the_logistic_line_is_the_sum_over_the_law"),
    Mutant("columns: others after only", "engines/columns.py", "before[:, :-1] * bent * after[:, 1:]", "bent * after[:, 1:]", f"{COLUMNS}::test_limit_of_the_logistic_line_is_the_sum_over_the_law"),
    Mutant("columns: missing numbers are normal", "domains/components.py", "if law.missable or ", "if ", f"{COLUMNS}::test_columns_whose_law_is_bent_have_no_part"),
    Mutant("columns: few whole numbers are normal", "domains/components.py", "(law.whole and law.scale * sd < STEPS)", "False", f"{COLUMNS}::test_columns_whose_law_is_bent_have_no_part"),
    Mutant("columns: own level and others swapped", "domains/components.py", "np.array([own, 1 - own])", "np.array([1 - own, own])", f"{COLUMNS}::test_the_law_of_levels_is_the_tilted_table"),
    Mutant("columns: rounded numbers spread no more", "domains/components.py", "np.hypot(sd, 1 / (law.scale * np.sqrt(12)))", "np.hypot(sd, 0.0)", f"{COLUMNS}::test_rounding_adds_a_twelfth"),
    Mutant("columns: the line of a logistic keeps its limit", "engines/logistic.py", " - asked @ slope\n", "\n", f"{COLUMNS}::test_what_is_taken_off_has_no_limit_of_its_own"),
    Mutant("columns: newton without the answers' weights", "engines/logistic.py", "A.T @ (w * (y - mu))", "A.T @ (y - mu)", f"{COLUMNS}::test_the_logistic_line_is_scikit_learns"),
    Mutant("columns: every round decides", "engines/columns_proxy.py", "self.chosen.setdefault(row, ", "self.chosen.setdefault(-1, ", f"{COLUMNS}::test_the_first_round_decides"),
    Mutant("columns: whatever the errors say", "engines/columns_proxy.py", "        if worse.any():", "        if False:", f"{COLUMNS}::test_what_makes_the_standard_errors_larger_is_not_taken_off"),
    Mutant("columns: the second probability is not mirrored", "engines/columns_proxy.py", "found.g[:, other], found.left[other], found.by[other] = -found.g[:, of]", "found.g[:, other], found.left[other], found.by[other] = found.g[:, of]", f"{COLUMNS}::test_it_says_what_it_left_and_two_probabilities_mirror_each_other"),
    Mutant("columns: gains without the spread of answers", "engines/columns_proxy.py", "independent = scores**2 @ (lines.w[:, None] * lines.rest(Y - Y[0])) ** 2", "independent = scores**2 @ (lines.w[:, None] * (Y - Y[0])) ** 2", f"{COLUMNS}::test_gains_are_those_of_the_net"),
    Mutant("columns: laws of the first row", "engines/columns_proxy.py", "Columns.of(self.laws, row)", "Columns.of(self.laws)", f"{COLUMNS}::test_a_row_is_adjusted_alike_in_any_company"),
    Mutant("the design forgets the allocation", "engines/design.py", "if isinstance(tilt, Balanced) else", "if tilt is None else", f"{COLUMNS}::test_the_design_is_recorded"),
    Mutant("held-out draws have fewer draws", "surrogates/ridge.py", " - _shares(moments)[..., None] * more", " - 0 * _shares(moments)[..., None] * more", f"{LS}::test_held_out_fidelity_is_an_explicit_refit_without_each_fold"),
    Mutant("parts of one net are held out", "surrogates/ridge.py", "residual = _held_out(whole if enough.any() else moments, ridge, left)", "residual = _held_out(moments, ridge, left)", "tests/diagnostics/test_held_out.py::test_the_other_half_of_a_net_is_not_fresh"),
)


def copy(to: Path) -> None:
    """What the tests need."""
    for name in ("src", "tests"):
        shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, to / name)


def failures(at: Path, *tests: str) -> str:
    """What pytest says of tests that fail in a copy, "" where they pass; anything else than passing and failing is an error."""
    env = {**os.environ, "PYTHONPATH": str(at / "src"), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-x", "-m", "not slow", *tests], cwd=at, env=env, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"pytest ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-2000:]}")
    return done.stdout[-3000:] if done.returncode else ""


def mutated(text: str, mutant: Mutant) -> str:
    """The source with the fault; the old text must stand there once."""
    if text.count(mutant.old) != 1:
        raise ValueError(f"mutant {mutant.name!r}: its text stands {text.count(mutant.old)} times in {mutant.path}; bring tests/mutants.py up to date")
    return text.replace(mutant.old, mutant.new)


def survivors(mutants: tuple[Mutant, ...]) -> list[str]:
    """Names of the faults that no test noticed."""
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        copy(at)
        said = failures(at, *sorted({m.test for m in mutants}))
        if said:
            raise RuntimeError(f"the tests fail without any fault:\n{said}")
        alive = []
        for mutant in mutants:
            file = at / "src" / "kabosu" / mutant.path
            text = file.read_text()
            file.write_text(mutated(text, mutant))
            noticed = bool(failures(at, mutant.test))
            file.write_text(text)
            print(f"{'killed' if noticed else 'ALIVE ':7s} {mutant.name}", flush=True)
            alive += [] if noticed else [mutant.name]
    return alive


if __name__ == "__main__":
    chosen = tuple(m for m in MUTANTS if all(word in m.name for word in sys.argv[1:]))
    alive = survivors(chosen)
    print(f"{len(chosen) - len(alive)} of {len(chosen)} killed")
    sys.exit(bool(alive))
