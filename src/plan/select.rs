//! Which user classes take part, when the command line names some.

use super::nesting::at;
use super::{ClassId, Plan, UserClass, arrivals};
use crate::util::{Diagnostic, nearest};

/// Keeps only the classes named in `wanted`, and gives them the weights named there; with none named, all stay.
///
/// A weight given here also takes the place of a fixed count, with a warning; and a class that is named although it is
/// off stays off, with a warning. The order stays that of declaration.
///
/// # Errors
///
/// A name that no class has; a choice of classes that are all off.
pub fn select_classes(
    plan: &mut Plan,
    wanted: &[(String, Option<f64>)],
) -> Result<Vec<Diagnostic>, Diagnostic> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut warnings = Vec::new();
    for (name, weight) in wanted {
        let Some(index) = plan.classes.iter().position(|class| class.name == *name) else {
            return Err(unknown(name, plan));
        };
        let open = plan.is_open(ClassId(index));
        let class = &mut plan.classes[index];
        if let Some(weight) = *weight {
            class.weight = weight;
            if let Some(count) = class.fixed_count.take() {
                warnings.push(replaced(class, count));
            }
        } else if !open && !class.has_users() {
            warnings.push(off(class));
        }
    }
    let all = plan.classes.clone();
    plan.classes.retain(|class| wanted.iter().any(|(name, _)| *name == class.name));
    if let Some(shape) = &mut plan.shape {
        shape.renumber(&all, &plan.classes);
    }
    plan.arrivals = arrivals::of_classes(&plan.arrivals, &all, &plan.classes);
    if !plan.has_any_users() {
        let first = &plan.classes[0].name;
        return Err(Diagnostic::error("every chosen user class is off: all weights are 0")
            .help(format!("give one a weight: `--class {first}=1`")));
    }
    Ok(warnings)
}

fn replaced(class: &UserClass, count: usize) -> Diagnostic {
    let message = format!(
        "user class `{}` has the weight {} here instead of its fixed count {count}",
        class.name, class.weight
    );
    at(Diagnostic::warning(message), &class.declared_at)
}

fn off(class: &UserClass) -> Diagnostic {
    let message = format!("user class `{}` is named, but it is off", class.name);
    let help = format!("give it a weight: `--class {}=1`", class.name);
    at(Diagnostic::warning(message).help(help), &class.declared_at)
}

fn unknown(name: &str, plan: &Plan) -> Diagnostic {
    let known: Vec<&str> = plan.classes.iter().map(|class| class.name.as_str()).collect();
    let diagnostic = Diagnostic::error(format!("no user class is called `{name}`"));
    if known.is_empty() {
        return diagnostic.note("the scripts declare no user class");
    }
    let diagnostic = diagnostic.note(format!("user classes: {}", known.join(", ")));
    match nearest(name, known) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}

#[cfg(test)]
mod tests {
    use super::{Plan, select_classes};
    use crate::util::Diagnostic;

    fn select(plan: &mut Plan, wanted: &[(&str, Option<f64>)]) -> Result<Vec<Diagnostic>, Diagnostic> {
        let wanted: Vec<_> = wanted.iter().map(|&(name, weight)| (name.to_owned(), weight)).collect();
        select_classes(plan, &wanted)
    }

    fn plan() -> Plan {
        Plan::of_weights(&[("Buyer", 2.0), ("Visitor", 5.0), ("Admin", -1.0), ("Off", 0.0)])
    }

    fn chosen(wanted: &[(&str, Option<f64>)]) -> Vec<(String, f64, Option<usize>)> {
        let mut plan = plan();
        select(&mut plan, wanted).unwrap();
        plan.classes.into_iter().map(|class| (class.name, class.weight, class.fixed_count)).collect()
    }

    #[test]
    fn names_and_weights_select() {
        assert_eq!(chosen(&[]).len(), 4);
        assert_eq!(
            chosen(&[("Visitor", None), ("Buyer", Some(1.5))]),
            [("Buyer".to_owned(), 1.5, None), ("Visitor".to_owned(), 5.0, None)]
        );
        assert_eq!(chosen(&[("Admin", None)]), [("Admin".to_owned(), 0.0, Some(1))]);
        assert_eq!(chosen(&[("Admin", Some(3.0))]), [("Admin".to_owned(), 3.0, None)]);
    }

    #[test]
    fn what_may_surprise_is_a_warning() {
        let warnings =
            select(&mut plan(), &[("Admin", Some(3.0)), ("Off", None), ("Buyer", Some(1.0))]).unwrap();
        insta::assert_snapshot!(warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"), @r"
        warning: user class `Admin` has the weight 3 here instead of its fixed count 1
         --> plan.rhai:3:1
        warning: user class `Off` is named, but it is off
         --> plan.rhai:4:1
          = help: give it a weight: `--class Off=1`
        ");
    }

    #[test]
    fn a_choice_without_users_is_an_error() {
        insta::assert_snapshot!(select(&mut plan(), &[("Off", None)]).unwrap_err(), @r"
        error: every chosen user class is off: all weights are 0
          = help: give one a weight: `--class Off=1`
        ");
        assert_eq!(chosen(&[("Off", Some(0.5))]), [("Off".to_owned(), 0.5, None)]);
    }

    #[test]
    fn an_unknown_name_is_an_error() {
        insta::assert_snapshot!(select(&mut plan(), &[("Visitr", None)]).unwrap_err(), @r"
        error: no user class is called `Visitr`
          = note: user classes: Buyer, Visitor, Admin, Off
          = help: did you mean `Visitor`?
        ");
    }
}
