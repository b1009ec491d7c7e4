// SPDX-License-Identifier: Apache-2.0
@XmlSchema(namespace = ExchangeService.NAMESPACE, elementFormDefault = XmlNsForm.QUALIFIED)
package vendor.exchange;

import javax.xml.bind.annotation.XmlNsForm;
import javax.xml.bind.annotation.XmlSchema;
