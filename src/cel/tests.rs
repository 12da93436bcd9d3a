//! The engine against what the API server's own makes of the same expressions, and its bounds.

use super::*;

struct Nothing;

impl<'a> Scope<'a> for Nothing {
    fn variable(&self, _: &str) -> Option<Result<Value<'a>, Fault>> {
        None
    }
}

fn test(text: &str) -> Result<bool, String> {
    let program = Program::new(text).map_err(|error| error.to_string())?;
    program.test(&Nothing, &Budget::new(100_000)).map_err(|fault| fault.to_string())
}

#[test]
fn says_what_cel_says() {
    for text in [
        "1 + 2 * 3 == 7 && -7 / 2 == -3 && -7 % 2 == -1",
        "-9223372036854775808 < 0 && 1u < 2 && 1 == 1.0",
        r#""a\u00e4\x41".size() == 3 && r"\d" == "\\d" && '''x'y''' == "x'y""#,
        "false && 1/0 == 1 || 1/0 == 1 || true",
        "[1, 2, 3].all(x, x > 0) && [1, 2].exists_one(x, x == 2) && ![1].exists(x, x > 1)",
        "[1, 2, 3].map(x, x > 1, x * 2) == [4, 6] && [1, 2].filter(x, x > 1) == [2]",
        "{'a': 1, 'b': 2}.all(k, v, k != 'c' && v < 3) && {'a': 1}.transformMap(k, v, v + 1) == {'a': 2}",
        "[3, 4].transformList(i, v, i + v) == [3, 5] && ['a'].transformMapEntry(i, v, {v: i}) == {'a': 0}",
        "!has({'a': null}.a.b) && {'a': 'x'}.a.?b.orValue(3) == 3",
        "has({'a': 1}.a) && !has({'a': 1}.b) && {'a': 1}.?b.orValue(3) == 3",
        "optional.of(1).optMap(x, x + 1).value() == 2 && !optional.none().hasValue() && [?optional.none(), 1] == [1]",
        "'a-b-c'.split('-') == ['a', 'b', 'c'] && ['a', 'b'].join('-') == 'a-b' && 'tacocat'.substring(1, 4) == 'aco'",
        "'hello'.indexOf('l') == 2 && 'hello'.lastIndexOf('l') == 3 && 'aXbX'.replace('X', '', 1) == 'abX'",
        "'%s has %d and %.2f'.format(['x', 3, 1.5]) == 'x has 3 and 1.50'",
        "'abc'.matches('^[a-c]+$') && 'a1b22'.findAll('[0-9]+') == ['1', '22'] && 'a1'.find('[0-9]') == '1'",
        "duration('1h30m') > duration('80m') && duration('90s').getMinutes() == 1",
        "timestamp('2024-02-29T12:00:00Z') + duration('24h') == timestamp('2024-03-01T12:00:00Z')",
        "quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('500m').add(quantity('0.5')).asInteger() == 1",
        "quantity('1.5').compareTo(quantity('1500m')) == 0 && isQuantity('1Mi') && !isQuantity('1Gib')",
        "cidr('10.0.0.0/8').containsIP('10.2.3.4') && !cidr('10.0.0.0/8').containsCIDR('10.0.0.0/7') && isIP('::1')",
        "ip('10.0.0.1').family() == 4 && !isIP('::ffff:1.2.3.4') && cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')",
        "url('https://a.example:80/x%20y?k=v').getHostname() == 'a.example' && isURL('/x') && !isURL('x')",
        "semver('1.2.3').isGreaterThan(semver('1.2.3-rc.1')) && semver('1.2.3').minor() == 2 && !isSemver('1.2')",
        "sets.contains([1, 2, 3], [2]) && sets.equivalent([1, 2], [2, 1]) && !sets.intersects([1], [2])",
        "[1, 3, 2].max() == 3 && ['a', 'b'].isSorted() && [1, 2].sum() == 3 && [2, 1].indexOf(1) == 1",
        "!format.dns1123Label().validate('a-b').hasValue() && format.dns1123Label().validate('A').hasValue()",
        "type(1) == int && string(1.5) == '1.5' && int('7') == 7 && double(3) == 3.0",
        "cel.bind(x, 3, x * x) == 9 && (true ? 1 : 2) == 1 && 'a' in {'a': 1} && !(4 in [1])",
    ] {
        assert_eq!(test(text), Ok(true), "{text}");
    }
}

#[test]
fn tells_failures_from_what_it_does_not_know() {
    let fault = |text: &str| Program::new(text).unwrap().run(&Nothing, &Budget::new(10_000)).unwrap_err();
    for text in
        ["1/0 == 1", "{'a': 1}.b == 1", "[1][3] == 1", "9223372036854775807 + 1 == 0", "duration('x') == 1"]
    {
        assert!(matches!(fault(text), Fault::Failed(_)), "{text}: {}", fault(text));
    }
    for text in
        ["self.x", "frobnicate(1)", "authorizer.group('').check('x')", "1 + 'a' == 2", "1/0 == 1 || self.x"]
    {
        assert!(matches!(fault(text), Fault::Unsupported(_)), "{text}: {}", fault(text));
    }
    // A value that holds itself twice, forty levels deep, is small until somebody compares it.
    let level = |at: usize| format!("cel.bind(x{at}, [x{0}, x{0}], ", at - 1);
    let doubled: String = (1..40).map(level).collect();
    for question in ["x39 == x39", "x39 in [x39]", "[x39].indexOf(x39) == 0", "[x39, x39].distinct() == []"] {
        let text = format!("cel.bind(x0, [1], {doubled}{question}{}", ")".repeat(40));
        assert_eq!(fault(&text), Fault::TooCostly, "{question}");
    }
    let patterns = "lists.range(9).all(i, 'a'.matches('(a|' + string(i) + '){0,500}'))";
    assert_eq!(fault(patterns), Fault::TooCostly);
    let nested = "lists.range(1000).all(a, lists.range(1000).all(b, lists.range(1000).all(c, true)))";
    assert_eq!(fault(nested), Fault::TooCostly);
}

#[test]
fn says_where_an_expression_is_wrong() {
    for (text, at) in [("1 +", 3), ("a.", 2), ("(a", 2), ("'a", 0), ("has(a)", 6), ("a b", 2), ("", 0)] {
        assert_eq!(Program::new(text).unwrap_err().at, at, "{text}");
    }
    assert!(Program::new(&"(".repeat(10_000)).is_err());
    assert!(Program::new(&"a.".repeat(10_000)).is_err());
    assert!(Program::new(&format!("{}1", "!".repeat(10_000))).is_ok());
}
