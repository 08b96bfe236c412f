//! Plans against brute force, and their re-check.

use curex_safeguards::instance::{Edge, Hindrance, Selection, WeightedRisk};
use curex_safeguards::*;
use proptest::prelude::*;

/// Every selection.
fn selections(safeguards: &[Safeguard]) -> Vec<Selection> {
	let mut all: Vec<Selection> = vec![vec![]];
	for safeguard in safeguards {
		let levels: Vec<Option<usize>> =
			std::iter::once(None).chain((0..safeguard.levels.len()).map(Some)).collect();
		all = all
			.into_iter()
			.flat_map(|start| {
				levels.iter().map(move |level| {
					let mut next = start.clone();
					next.push(*level);
					next
				})
			})
			.collect();
	}
	all
}

fn fits(instance: &Instance, selection: &Selection, budget: Budget) -> bool {
	let (direct, indirect) = instance.cost(selection);
	direct <= budget.direct && budget.indirect.is_none_or(|limit| indirect <= limit)
}

fn safeguards(costs: &[Vec<(u64, u64)>]) -> Vec<Safeguard> {
	costs
		.iter()
		.enumerate()
		.map(|(position, levels)| Safeguard {
			id: format!("s{position}"),
			levels: levels
				.iter()
				.map(|(cost, indirect_cost)| SafeguardLevel {
					cost: *cost,
					indirect_cost: *indirect_cost,
				})
				.collect(),
		})
		.collect()
}

fn costs() -> impl Strategy<Value = Vec<Vec<(u64, u64)>>> {
	prop::collection::vec(prop::collection::vec((1u64..2_000, 0u64..500), 1..=3), 1..=5)
}

fn weighted() -> impl Strategy<Value = Instance> {
	costs().prop_flat_map(|costs| {
		let shape: Vec<usize> = costs.iter().map(Vec::len).collect();
		let levels: Vec<_> =
			shape.iter().map(|count| prop::collection::vec(0u64..=990_000, *count)).collect();
		let risk = (0u64..50_000_000, levels);
		prop::collection::vec(risk, 1..=4).prop_map(move |risks| {
			let risks =
				risks.into_iter().enumerate().map(|(position, (weight_ppm, efficacy_ppm))| {
					WeightedRisk { id: format!("r{position}"), weight_ppm, efficacy_ppm }
				});
			Instance::Weighted(WeightedRisks {
				safeguards: safeguards(&costs),
				risks: risks.collect(),
			})
		})
	})
}

fn graphs() -> impl Strategy<Value = Instance> {
	costs().prop_flat_map(|costs| {
		let shape: Vec<usize> = costs.iter().map(Vec::len).collect();
		let hindrance = prop::sample::select((0..shape.len()).collect::<Vec<_>>()).prop_flat_map(
			move |safeguard| {
				let passes = prop::collection::vec(20_000u64..=1_000_000, shape[safeguard]);
				passes.prop_map(move |pass_ppm| Hindrance { safeguard, pass_ppm })
			},
		);
		let edge =
			(0usize..5, 0usize..5, 0u64..=1_000_000, prop::collection::vec(hindrance, 0..=2));
		prop::collection::vec(edge, 3..=12).prop_map(move |edges| {
			let edges = edges.into_iter().map(|(source, target, probability_ppm, hindrances)| {
				Edge { source, target, probability_ppm, hindrances }
			});
			Instance::Graph(AttackGraph {
				safeguards: safeguards(&costs),
				vertices: 5,
				attackers: vec![0, 1],
				target: 4,
				impact_ppm: 50_000_000,
				edges: edges.collect(),
			})
		})
	})
}

fn check_against_brute_force(instance: &Instance, budget: Budget) -> Result<(), TestCaseError> {
	let plan = minimise_risk(instance, budget, 1).unwrap();
	let feasible: Vec<Selection> = selections(instance.safeguards())
		.into_iter()
		.filter(|selection| fits(instance, selection, budget))
		.collect();
	let best = feasible.iter().map(|selection| instance.risk_ppm(selection)).min().unwrap();
	// Rounding of the integers, and the solver's tolerance.
	let slack = 1 + best / 1_000_000;
	prop_assert!(plan.risk_ppm <= best + slack, "{} but {best} can be had", plan.risk_ppm);
	prop_assert_eq!(plan.gap, 0.0);
	prop_assert!(plan.bound <= best as f64 + 1.0);
	let recheck = recheck(instance, &plan).unwrap();
	prop_assert!(recheck.feasible && recheck.truthful, "{recheck:?} {plan:?}");
	Ok(())
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(60))]

	#[test]
	fn the_least_total_risk_equals_brute_force(
		instance in weighted(), direct in 0u64..6_000, indirect in prop::option::of(0u64..1_000),
	) {
		check_against_brute_force(&instance, Budget { direct, indirect })?;
	}

	#[test]
	fn the_least_worst_path_equals_brute_force(
		instance in graphs(), direct in 0u64..6_000, indirect in prop::option::of(0u64..1_000),
	) {
		check_against_brute_force(&instance, Budget { direct, indirect })?;
	}

	#[test]
	fn the_least_cost_of_an_acceptable_level_equals_brute_force(
		instance in prop_oneof![weighted(), graphs()], share in 0.0f64..1.2,
	) {
		let names = match &instance { Instance::Weighted(risks) => risks.risks.len(), Instance::Graph(_) => 1 };
		let residual = |risk: usize, selection: &Selection| match &instance {
			Instance::Weighted(risks) => risks.residual_ppm(risk, selection),
			Instance::Graph(_) => instance.risk_ppm(selection),
		};
		let nothing = vec![None; instance.safeguards().len()];
		let acceptable: Vec<u64> =
			(0..names).map(|risk| 2 + (share * residual(risk, &nothing) as f64) as u64).collect();
		// One part per million either way is rounding.
		let cheapest = |slack: i64| {
			selections(instance.safeguards())
				.iter()
				.filter(|selection| (0..names).all(|risk| {
					residual(risk, selection) as i64 <= acceptable[risk] as i64 + slack
				}))
				.map(|selection| instance.cost(selection).0)
				.min()
		};
		match minimise_cost(&instance, &acceptable, 1) {
			Ok(plan) => {
				prop_assert!(Some(plan.cost) >= cheapest(1), "{plan:?}");
				prop_assert!(cheapest(-1).is_none_or(|cost| plan.cost <= cost), "{plan:?}");
				prop_assert_eq!(plan.gap, 0.0);
			},
			Err(SafeguardsError::NotReachable { .. } | SafeguardsError::NotReachableTogether) => {
				prop_assert_eq!(cheapest(-1), None);
			},
			Err(error) => return Err(TestCaseError::fail(error.to_string())),
		}
	}
}

/// Three safeguards of one worth and price, with these indirect costs.
fn three(indirect: [u64; 3]) -> Instance {
	Instance::Weighted(WeightedRisks {
		safeguards: safeguards(&indirect.map(|indirect| vec![(100, indirect)])),
		risks: vec![WeightedRisk {
			id: "r".into(),
			weight_ppm: 1_000_000,
			efficacy_ppm: vec![vec![500_000], vec![500_000], vec![500_000]],
		}],
	})
}

fn two_of_three() -> Instance {
	three([10, 0, 5])
}

#[test]
fn of_equal_plans_the_one_with_the_least_indirect_cost_is_taken() {
	let plan = minimise_risk(&two_of_three(), Budget { direct: 250, indirect: None }, 1).unwrap();
	let chosen: Vec<&str> = plan.selection.iter().map(|one| one.safeguard.as_str()).collect();
	assert_eq!(chosen, ["s1", "s2"]);
	assert_eq!((plan.cost, plan.indirect_cost, plan.risk_ppm), (200, 5, 250_000));
	assert_eq!(
		(plan.base_ppm, plan.remaining_ppm, plan.remaining_bound_ppm),
		(1_000_000, 250_000, 250_000)
	);
	assert_eq!(plan.explanation[0].risk_rise_ppm, 250_000);
	for indirect in [[0, 10, 5], [5, 0, 10], [0, 5, 10], [10, 5, 0], [5, 10, 0]] {
		let instance = three(indirect);
		let plan = minimise_risk(&instance, Budget { direct: 250, indirect: None }, 1).unwrap();
		assert_eq!((plan.cost, plan.indirect_cost), (200, 5), "{indirect:?}");
	}
	assert!(plan.solver.starts_with("HiGHS 1."), "{}", plan.solver);
}

#[test]
fn the_same_inputs_give_the_same_plan() {
	let plan =
		|| minimise_risk(&two_of_three(), Budget { direct: 250, indirect: None }, 5).unwrap();
	assert_eq!(plan(), plan());
}

#[test]
fn what_cannot_be_reached_is_named_with_the_least_that_can() {
	let error = minimise_cost(&two_of_three(), &[124_999], 1).unwrap_err();
	assert!(error.to_string().contains("r (at least 125000 ppm"), "{error}");
	assert_eq!(minimise_cost(&two_of_three(), &[125_000], 1).unwrap().cost, 300);
}

#[test]
fn a_tampered_plan_does_not_pass_the_recheck() {
	let instance = two_of_three();
	let plan = minimise_risk(&instance, Budget { direct: 250, indirect: None }, 1).unwrap();
	let check = |change: fn(&mut Plan)| {
		let mut plan = plan.clone();
		change(&mut plan);
		recheck(&instance, &plan)
	};
	assert!(check(|_| ()).unwrap().truthful);
	assert!(!check(|plan| plan.risk_ppm -= 1).unwrap().truthful);
	assert!(!check(|plan| plan.cost += 1).unwrap().truthful);
	assert!(!check(|plan| plan.selection.truncate(1)).unwrap().truthful);
	assert!(!check(|plan| plan.remaining_bound_ppm += 1).unwrap().truthful);
	assert!(
		!check(|plan| plan.budget = Some(Budget { direct: 199, indirect: None })).unwrap().feasible
	);
	assert!(check(|plan| plan.selection[0].safeguard = "other".into()).is_err());
	assert!(check(|plan| plan.selection[0].level = 2).is_err());
	assert!(check(|plan| plan.selection[0].level = 0).is_err());
	assert!(check(|plan| plan.selection[1] = plan.selection[0].clone()).is_err());
}

#[test]
fn a_plan_from_the_catalogue_spends_on_what_the_risk_comes_from() {
	let driver = |id: &str, weight_ppm| RiskDriver { id: id.into(), weight_ppm };
	let catalogue = Catalogue::standard();
	let budget = Budget { direct: 3_000_000, indirect: Some(100_000) };
	let plan = |drivers: &[RiskDriver]| plan_for(drivers, &catalogue, budget).unwrap();
	let mail = plan(&[driver("phishing", 900_000), driver("insider-misuse", 10_000)]);
	assert!(mail.selection.iter().any(|one| one.safeguard == "email-security"), "{mail:?}");
	let insiders = plan(&[driver("insider-misuse", 900_000)]);
	assert!(insiders.selection.iter().any(|one| one.safeguard == "centralized-log-collection"));
	assert!(insiders.selection.iter().all(|one| one.safeguard != "email-security"), "{insiders:?}");
	assert!(mail.cost <= budget.direct && mail.gap == 0.0);
	assert!(plan_for(&[driver("weather", 1)], &catalogue, budget).is_err());
}

#[test]
fn nothing_to_choose_and_no_path_are_no_errors() {
	let empty = Instance::Weighted(WeightedRisks { safeguards: vec![], risks: vec![] });
	let budget = Budget { direct: 10, indirect: None };
	assert_eq!(minimise_risk(&empty, budget, 1).unwrap().risk_ppm, 0);
	let unreachable = Instance::Graph(AttackGraph {
		safeguards: safeguards(&[vec![(1, 1)]]),
		vertices: 2,
		attackers: vec![0],
		target: 1,
		impact_ppm: 1_000_000,
		edges: vec![],
	});
	let plan = minimise_risk(&unreachable, budget, 1).unwrap();
	assert_eq!((plan.risk_ppm, plan.cost), (0, 0));
	assert_eq!(minimise_cost(&unreachable, &[0], 1).unwrap().cost, 0);
}
